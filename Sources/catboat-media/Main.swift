internal import CommandList
internal import CommandShell
internal import MediaPlumbing

@main enum Main {
    static func main() async {
        await CommandShell(.media, MediaPlumbing.commands).main()
    }
}
