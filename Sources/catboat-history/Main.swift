internal import CommandList
internal import CommandShell
internal import HistoryPlumbing

@main enum Main {
    static func main() {
        CommandShell(.history, HistoryPlumbing.commands).main()
    }
}
