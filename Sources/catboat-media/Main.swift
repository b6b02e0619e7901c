internal import CommandList
internal import CommandShell
internal import MediaPlumbing

@main enum Main {
    static func main() {
        CommandShell(.media, MediaPlumbing.commands).main()
    }
}
