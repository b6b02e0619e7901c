public import Support
public import SystemPackage

/// A rootimgdir and what genimage keeps in it.
public struct ImageFolder: Sendable, Equatable {
    /// The folder itself, on the host, without symbolic links.
    public let path: FilePath

    /// - Parameter path: as typed or resolved beneath the root; may be a symbolic link. It is created if `creating`.
    public init(_ path: FilePath, creating: Bool = false) throws(FileError) {
        if creating { try path.createDirectories() }
        guard path.isDirectory else { throw FileError("find root image folder", path, .noSuchFileOrDirectory) }
        self.path = try path.resolved()
    }

    /// The tree of the image.
    public var tree: FilePath { path.joined("rootimg") }
    /// Whether the tree is whole: see `ImageState`.
    public var stateFile: FilePath { path.joined(".state") }
    /// The listing of the tree as genimage left it; what differs from it was changed by hand.
    public var listingFile: FilePath { path.joined(".listing") }
    /// Changes by hand, noted while genimage is at work.
    public var changesFile: FilePath { path.joined(".changes") }
    /// What package managers printed in the last run.
    public var logFile: FilePath { path.joined(".populate.log") }

    /// Where drivers are unpacked, for `makeTemporary`.
    static let driverStage = "drivers"

    /// A new empty folder beside the tree, that `sweep` knows by `name`.
    func makeTemporary(_ name: String) throws(FileError) -> FilePath {
        let result = try path.joined(".\(name).tmp-").createUniqueDirectory()
        try result.changePermissions(0o755)
        return result
    }

    /// Removes temporary folders that a killed run left. Only under the lock.
    public func sweep() throws(FileError) {
        for name in ["rootimg", "packages", Self.driverStage] { try AtomicFile.sweep(path.joined(name)) }
        for file in [stateFile, listingFile, changesFile] { try AtomicFile.sweep(file) }
    }
}
