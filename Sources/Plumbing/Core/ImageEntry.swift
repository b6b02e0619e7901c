internal import Hooks
internal import Settings
internal import Support
internal import SystemPackage

/// Makes a hook run inside the root image: through `rootimg-run`, with the folder of its file shown there read-only.
struct ImageEntry: Sendable {
    private let settings: Settings

    init(_ settings: Settings) { self.settings = settings }

    /// Where `rootimg-run` shows the first folder of `--media`.
    private static let shownFolder = FilePath("/run/catboat/media/1")

    func tool(_ inner: Tool, isOfImage: Bool, outer: Tool, hook: Hook) throws -> Tool {
        guard let tree = outer.environment["CATBOAT_ROOTIMG"] else {
            throw HookError.noTree(hook: hook.name, image: outer.environment.text("CATBOAT_IMAGE"))
        }
        var words: [Word] = hook.hasNetwork ? ["--network"] : []
        for name in inner.environment.names {
            guard let value = inner.environment[name] else { continue }
            words += ["--env", Word(bytes: Array("\(name)=".utf8) + value.bytes)]
        }
        var program = inner.program
        if !isOfImage {
            let file = try inner.program.resolved()
            words += ["--media", Word(file.removingLastComponent())]
            program = Self.shownFolder.joined(file.lastName)
        }
        words += ["--directory", "/", Word(FilePath(bytes: tree.bytes).removingLastComponent()), "--", Word(program)]
        var tool = outer
        tool.program = settings.execPath.joined("catboat")
        tool.argumentZero = "rootimg-run"
        tool.words = words + inner.words
        return tool
    }
}
