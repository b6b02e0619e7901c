/// A moment in the life of an image at which the site's programs run.
public struct HookEvent: Hashable, Sendable {
    /// As in file names, e.g. `pre-genimage`.
    public let name: String
    /// The command that it belongs to, e.g. `genimage`.
    public let command: String

    /// Whether a failing hook stops the command before anything changed. True for `pre-…`.
    public var isVeto: Bool { name.hasPrefix("pre-") }

    /// Whether it is about a root image that is there: hooks work on its tree.
    var needsRootImage: Bool { Self.inner.contains { $0.0 == name } }

    /// Whether its osimage may be one that is not defined, yet or any more.
    public var allowsUnknownImage: Bool {
        ["chdef", "copycds", "imgimport", "mkdef", "rmdef", "rmimage"].contains(command)
    }

    /// Commands with an event before and one after.
    static let commands = [
        "chdef", "copycds", "genimage", "geninitrd", "imgexport", "imgimport", "liteimg", "mkdef", "nodeset",
        "packimage", "rinstall", "rmdef", "rmimage",
    ]
    /// Events within a command.
    static let inner = [("post-populate", "genimage"), ("pre-publish", "packimage")]

    /// Every event, sorted by name.
    public static let all: [HookEvent] =
        (commands.flatMap { [HookEvent("pre-\($0)", $0), HookEvent("post-\($0)", $0)] }
        + inner.map { HookEvent($0.0, $0.1) }).sorted { $0.name < $1.name }

    private init(_ name: String, _ command: String) { (self.name, self.command) = (name, command) }

    /// - Throws: `HookError.unknownEvent`.
    public init(named name: String) throws(HookError) {
        guard let event = Self.all.first(where: { $0.name == name }) else { throw .unknownEvent(name) }
        self = event
    }
}
