internal import Support
public import SystemPackage

/// A symbolic link to a finished copy, for those who look for it elsewhere; relative, so that it holds beneath any root.
public struct CopyLink {
    private let path: FilePath

    public init(_ path: FilePath) { self.path = path }

    /// Makes the link, in place of one that is there already.
    /// - Throws: `CopyError.notALink` when something else has the name; `FileError`.
    public func point(to copy: FilePath) throws {
        try path.removingLastComponent().createDirectories()
        let folder = try path.absolute.removingLastComponent().resolved()
        let link = folder.joined(path.lastName)
        if let status = try link.status() {
            guard status.kind == .symbolicLink else { throw CopyError.notALink(link) }
            try link.removeFile()
        }
        try link.createSymbolicLink(to: Self.relative(try copy.resolved(), from: folder))
        try folder.synchronizeDirectory()
    }

    /// Where `target` is, seen from `folder`; both absolute and without links.
    static func relative(_ target: FilePath, from folder: FilePath) -> FilePath {
        let (there, here) = (target.components.map { $0 }, folder.components.map { $0 })
        let common = zip(there, here).prefix { $0 == $1 }.count
        var path = FilePath()
        for _ in common..<here.count { path.append("..") }
        path.append(there[common...])
        return path.isEmpty ? "." : path
    }

    /// Removes a link to a neighbour, as the Full medium of SLE 15 gets it: that disc comes by itself now.
    static func giveWay(at destination: FilePath) throws {
        guard let status = try destination.status(), status.kind == .symbolicLink else { return }
        let parent = destination.absolute.removingLastComponent()
        let holder = try FileError.wrap("open directory", parent) {
            try FileDescriptor.open(parent, .readOnly, options: [.directory, .closeOnExec])
        }
        defer { try? holder.close() }
        if !(try holder.linkTarget(at: destination.lastName)).contains(0x2f) { try destination.removeFile() }
    }
}
