internal import FoundationEssentials
public import Support
public import SystemPackage

/// What genimage noted of an image's tree in `<rootimgdir>/.state`.
public struct BuiltTree: Sendable, Equatable {
    /// Whether genimage came to its end.
    public let isFinished: Bool
    /// Commit of the recipe that the tree was made from; nil when it is not known.
    public let recipe: String?
    /// When it was noted.
    public let time: FileTime

    private struct State: Decodable {
        var step: String
        var recipe: String?
    }

    /// - Parameter folder: rootimgdir on the host.
    /// - Returns: nil when genimage noted nothing there.
    public init?(in folder: FilePath) throws {
        let file = folder.joined(".state")
        guard let status = try file.status() else { return nil }
        let state = try JSONText.decode(State.self, file.readBytes(limit: 256 << 20))
        isFinished = state.step == "complete"
        recipe = state.recipe
        time = status.modified
    }
}
