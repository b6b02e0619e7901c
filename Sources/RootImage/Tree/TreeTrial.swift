public import Sandbox
public import Support
public import SystemPackage
internal import Digests

#if canImport(Glibc)
    internal import Glibc
#endif

/// A run over a root image whose changes are only looked at: a throw-away overlay takes them in.
public struct TreeTrial: Sendable {
    /// An entry of the tree that the run touched.
    public struct Change: Sendable, Equatable {
        /// `A` added, `M` changed, `D` removed.
        public var status: Character
        /// Relative to the tree.
        public var path: FilePath
    }

    private let folder: ImageFolder
    private let stage: FilePath
    private let execPath: FilePath
    private var upper: FilePath { stage.joined("upper") }

    /// Makes the overlay's folders beside the tree. Only under the image's lock; call `remove` at the end.
    public init(_ folder: ImageFolder, execPath: FilePath) throws(FileError) {
        self.folder = folder
        self.execPath = execPath
        try AtomicFile.sweep(folder.path.joined("try"))
        stage = try folder.makeTemporary("try")
        for name in ["upper", "work"] { try stage.joined(name).createDirectories() }
        // The overlay's top has the attributes of the upper folder.
        if let status = try folder.tree.targetStatus() {
            try upper.changeOwner(status.owner, status.group)
            try upper.changePermissions(status.permissions)
        }
    }

    /// The sandbox in which the tree is the overlay; several runs see each other's changes.
    public var sandbox: ImageSandbox {
        var sandbox = ImageSandbox(
            folder.tree, view: .overlaid(stage), execPath: execPath, environment: .current)
        sandbox.allowsNetwork = true
        return sandbox
    }

    public func remove() throws(FileError) { try stage.removeTree() }

    /// What the runs changed, sorted by path. Times do not count, nor files that were written with the same bytes.
    public func changes() throws -> [Change] {
        var found: [Change] = []
        try compare("", isOpaque: false, &found)
        return found.map { ($0.path.bytes, $0) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1)
    }

    private func compare(_ path: FilePath, isOpaque: Bool, _ found: inout [Change]) throws {
        let names = try upper.joined(path).directoryNames()
        if isOpaque {
            for name in try folder.tree.joined(path).directoryNames() where !names.contains(name) {
                try add("D", path.joined(name), in: folder.tree, &found)
            }
        }
        for name in names {
            let path = path.joined(name)
            let present = upper.joined(path)
            guard let status = try present.status() else { continue }
            let old = try folder.tree.joined(path).status()
            if status.kind == .characterDevice, status.specialDevice == 0 {
                if old != nil { try add("D", path, in: folder.tree, &found) }
            } else if let old, status.kind == .directory, old.kind == .directory {
                if try differ(path, status, old) { found.append(Change(status: "M", path: path)) }
                try compare(path, isOpaque: Self.isOpaque(present), &found)
            } else if let old {
                if try differ(path, status, old) {
                    found.append(Change(status: "M", path: path))
                    // Another kind of thing: what was, or is, below a folder went or came with it.
                    try addBelow("D", path, in: folder.tree, &found)
                    try addBelow("A", path, in: upper, &found)
                }
            } else {
                try add("A", path, in: upper, &found)
            }
        }
    }

    private func add(_ status: Character, _ path: FilePath, in top: FilePath, _ found: inout [Change]) throws {
        found.append(Change(status: status, path: path))
        try addBelow(status, path, in: top, &found)
    }

    private func addBelow(_ status: Character, _ path: FilePath, in top: FilePath, _ found: inout [Change]) throws {
        guard try top.joined(path).status()?.kind == .directory else { return }
        try TreeWalk(top.joined(path)).run { entry in
            let isWhiteout = entry.status.kind == .characterDevice && entry.status.specialDevice == 0
            if !isWhiteout { found.append(Change(status: status, path: path.joined(entry.path))) }
            return .enter
        }
    }

    private func differ(_ path: FilePath, _ new: FileStatus, _ old: FileStatus) throws -> Bool {
        let (present, former) = (upper.joined(path), folder.tree.joined(path))
        guard new.kind == old.kind, new.permissions == old.permissions, new.owner == old.owner, new.group == old.group,
            try Self.attributes(present) == Self.attributes(former)
        else { return true }
        switch new.kind {
        case .regular:
            guard new.size == old.size else { return true }
            return try Self.digest(present) != Self.digest(former)
        case .symbolicLink: return try Self.target(present) != Self.target(former)
        case .characterDevice, .blockDevice: return new.specialDevice != old.specialDevice
        default: return false
        }
    }

    private static func digest(_ path: FilePath) throws -> Digest {
        let file = try FileError.wrap("open", path) {
            try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .noFollow])
        }
        defer { try? file.close() }
        return try Digest.ofFile(file, path)
    }

    private static func target(_ path: FilePath) throws -> [CChar] {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = path.withPlatformString { readlink($0, &buffer, buffer.count) }
        try FileError.check("read link", path, count)
        return Array(buffer[..<count])
    }

    private static func attributes(_ path: FilePath) throws -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for name in try ExtendedAttributes.names(of: path) where !name.hasPrefix("trusted.overlay.") {
            result[name] = try ExtendedAttributes.value(name, of: path)
        }
        return result
    }

    private static func isOpaque(_ folder: FilePath) -> Bool {
        guard let value = try? ExtendedAttributes.value("trusted.overlay.opaque", of: folder) else { return false }
        return value == Array("y".utf8)
    }
}
