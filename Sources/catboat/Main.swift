internal import CommandList
internal import CommandShell
internal import Plumbing
internal import Porcelain

@main enum Main {
    static func main() {
        CommandShell(.main, Porcelain.commands + Plumbing.commands).main()
    }
}
