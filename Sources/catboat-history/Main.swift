internal import CommandList
internal import CommandShell
internal import HistoryPlumbing

@main enum Main {
    static func main() async {
        await CommandShell(.history, HistoryPlumbing.commands).main()
    }
}
