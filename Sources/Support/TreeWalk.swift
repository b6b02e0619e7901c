public import SystemPackage

/// Visits a tree from a directory descriptor, never through a symbolic link, parents before children.
///
/// Paths are relative to the top without a leading `./`; the top itself is not visited. Within a directory names come
/// sorted by bytes. Only one descriptor a level is open.
public struct TreeWalk {
    public struct Entry {
        /// Relative to the top of the walk.
        public let path: FilePath
        public let status: FileStatus
        /// The directory that holds the entry; valid during the visit.
        public let parent: FileDescriptor
        /// The entry's name in `parent`.
        public let name: FilePath
    }

    /// What to do with a directory that was visited.
    public enum Descent { case enter, skip }

    private let top: FilePath
    private let crossesDevices: Bool

    /// - Parameter crossesDevices: whether to enter directories on another file system; they are visited in any case.
    public init(_ top: FilePath, crossesDevices: Bool = false) {
        self.top = top
        self.crossesDevices = crossesDevices
    }

    /// - Parameter visit: its answer counts for directories only.
    public func run(_ visit: (Entry) throws -> Descent) throws {
        let descriptor = try FileError.wrap("open directory", top) {
            try FileDescriptor.open(top, .readOnly, options: [.directory, .closeOnExec])
        }
        defer { try? descriptor.close() }
        let device = try descriptor.status(of: top).device
        try walk(descriptor, "", device, visit)
    }

    private func walk(
        _ directory: FileDescriptor, _ path: FilePath, _ device: UInt64, _ visit: (Entry) throws -> Descent
    ) throws {
        for name in try directory.names(of: path.isEmpty ? top : path) {
            // Gone since it was listed: not part of the tree.
            guard let status = try directory.status(at: name) else { continue }
            let child = path.joined(name)
            let descent = try visit(Entry(path: child, status: status, parent: directory, name: name))
            guard status.kind == .directory, descent == .enter, crossesDevices || status.device == device else {
                continue
            }
            let next = try directory.open(at: name, directory: true)
            defer { try? next.close() }
            try walk(next, child, device, visit)
        }
    }
}
