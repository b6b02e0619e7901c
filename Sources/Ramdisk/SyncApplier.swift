public import Profiles
public import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Does what synclists say to a root image: copies, `APPEND:` and `MERGE:`.
///
/// All sources are found before the first change. Copies keep mode, owner and time, and follow symbolic links.
/// Lines for certain nodes, and scripts, cannot be done to an image; they are given back as left out.
public struct SyncApplier {
    /// One thing that was done, or left out.
    public struct Step: Equatable, Sendable {
        public enum Outcome: Equatable, Sendable {
            case done
            /// Only for these nodes.
            case forNodes(String)
            /// Scripts run on nodes.
            case script
        }
        public var action: Synclist.Action
        /// As stored.
        public var source: FilePath
        /// A path of the image; empty for scripts.
        public var destination: [UInt8]
        public var outcome: Outcome
        public var entry: Synclist.Entry
    }

    private let writer: ImageWriter
    private let sources: SyncSources
    /// Where originals of appended files are kept in the image.
    private let originals: [UInt8]

    /// - Parameter stateFolder: site.nodesyncfiledir, a path of the image.
    public init(tree: FilePath, sources: SyncSources, stateFolder: [UInt8] = Array("/var/xcat/node/syncfiles".utf8))
        throws
    {
        guard tree.isDirectory else { throw RamdiskError.noTree(tree) }
        writer = try ImageWriter(tree)
        self.sources = sources
        originals = stateFolder + Array("/org".utf8)
    }

    /// What the lists ask for, without doing it.
    /// - Throws: `SyncFailures` with every line that cannot be done.
    public func plan(_ lists: [Synclist]) throws -> [Step] {
        var steps: [Step] = []
        var problems: [Diagnostic] = []
        for entry in lists.flatMap(\.entries) {
            do {
                steps += try self.steps(entry)
            } catch let error as any Diagnosable {
                problems.append(error.diagnostic)
            }
        }
        if !problems.isEmpty { throw SyncFailures(diagnostics: problems) }
        return steps
    }

    public func apply(_ steps: [Step]) throws {
        for step in steps where step.outcome == .done {
            let source = try sources.located(step.source)
            switch step.action {
            case .copy: try copy(source, to: step.destination, visited: [])
            case .append: try append(source, step)
            case .merge: try merge(source, step)
            case .execute, .executeAlways: break
            }
        }
    }

    private func steps(_ entry: Synclist.Entry) throws -> [Step] {
        let place = "\(entry.file.printable):\(entry.line)"
        func step(_ source: FilePath, _ destination: [UInt8], _ outcome: Step.Outcome) -> Step {
            Step(action: entry.action, source: source, destination: destination, outcome: outcome, entry: entry)
        }
        if entry.action == .execute || entry.action == .executeAlways {
            return entry.sources.map { step(FilePath(bytes: $0), [], .script) }
        }
        if let nodes = entry.noderange {
            return entry.sources.map { step(FilePath(bytes: $0), entry.destination, .forNodes(nodes)) }
        }
        let files = try entry.sources.flatMap { try sources.expand($0, entry) }
        switch entry.action {
        case .merge:
            guard Self.mergeable.contains(entry.destination) else {
                throw SyncError.notMergeable(entry.destination, place: place)
            }
            fallthrough
        case .append:
            guard try writer.real(entry.destination) != nil else {
                throw SyncError.noTarget(entry.destination, place: place)
            }
            return files.map { step($0, entry.destination, .done) }
        default:
            let isFolder =
                entry.destination.last == UInt8(ascii: "/") || entry.sources.count > 1
                || entry.sources.contains { SyncSources.hasWildcard($0) } || writer.isDirectory(entry.destination)
            return try files.enumerated().map { index, file in
                let isTree = try sources.located(file).isDirectory
                // `folder/` means what is in it, as with rsync.
                let wantsContent =
                    isTree && files.count == entry.sources.count && entry.sources[index].last == UInt8(ascii: "/")
                let target =
                    (isFolder || isTree) && !wantsContent ? Self.joined(entry.destination, file) : entry.destination
                return step(file, target, .done)
            }
        }
    }

    private static let mergeable: Set<[UInt8]> = Set(
        ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"].map { Array($0.utf8) })

    private static func joined(_ folder: [UInt8], _ file: FilePath) -> [UInt8] {
        Array(folder.reversed().drop { $0 == UInt8(ascii: "/") }.reversed()) + Array("/".utf8) + file.lastName.bytes
    }

    private func copy(_ source: FilePath, to target: [UInt8], visited: [FileStatus]) throws {
        guard let status = try source.targetStatus() else { throw FileError("open", source, .noSuchFileOrDirectory) }
        switch status.kind {
        case .directory:
            guard !visited.contains(where: { $0.device == status.device && $0.inode == status.inode }) else {
                throw SyncError.linkLoop(source)
            }
            try writer.makeDirectory(target, like: status)
            for name in try source.directoryNames() {
                try copy(source.joined(name), to: Self.joined(target, name), visited: visited + [status])
            }
        case .regular:
            if try writer.isUnchanged(target, status) { return }
            try writer.write(target, ImageWriter.Metadata(status: status, keepsTime: true)) { output in
                try Self.stream(source, to: output)
            }
        default: throw SyncError.unsupportedKind(source)
        }
    }

    private static func stream(_ source: FilePath, to output: FileDescriptor) throws {
        let input = try FileError.wrap("open", source) {
            try FileDescriptor.open(source, .readOnly, options: .closeOnExec)
        }
        defer { try? input.close() }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try FileError.wrap("read", source) { try input.read(into: buffer) }
            if count == 0 { return }
            _ = try FileError.wrap("copy", source) {
                try output.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// Appends to the original, which is kept, so that doing it again does not append twice.
    private func append(_ source: FilePath, _ step: Step) throws {
        let addition = try source.readBytes(limit: 64 << 20)
        guard let target = try writer.real(step.destination), let current = try writer.read(target) else {
            throw SyncError.noTarget(step.destination, place: "\(step.entry.file.printable):\(step.entry.line)")
        }
        let kept = originals + target
        var original = current.bytes
        // What another hand changed meanwhile is the new original.
        if let saved = try writer.read(kept)?.bytes, current.bytes.starts(with: saved) {
            original = saved
        } else {
            let saved = original
            try writer.write(kept, ImageWriter.Metadata(status: current.status, keepsTime: true)) {
                _ = try $0.writeAll(saved)
            }
        }
        if !original.isEmpty, original.last != 0x0a { original.append(0x0a) }
        try replace(target, current, with: original + addition)
    }

    /// Replaces lines with the same first field, adds the others.
    private func merge(_ source: FilePath, _ step: Step) throws {
        guard let target = try writer.real(step.destination), let current = try writer.read(target) else {
            throw SyncError.noTarget(step.destination, place: "\(step.entry.file.printable):\(step.entry.line)")
        }
        var lines = current.bytes.split(separator: 0x0a).map { Array($0) }
        func key(_ line: [UInt8]) -> [UInt8] { Array(line.prefix { $0 != UInt8(ascii: ":") }) }
        for line in try source.readBytes(limit: 64 << 20).split(separator: 0x0a).map({ Array($0) }) {
            if let index = lines.firstIndex(where: { key($0) == key(line) }) {
                lines[index] = line
            } else {
                lines.append(line)
            }
        }
        try replace(target, current, with: Array((lines + [[]]).joined(separator: [0x0a])))
    }

    private func replace(_ target: [UInt8], _ current: (bytes: [UInt8], status: FileStatus), with bytes: [UInt8]) throws
    {
        if bytes == current.bytes { return }
        try writer.write(target, ImageWriter.Metadata(status: current.status, keepsTime: false)) {
            _ = try $0.writeAll(bytes)
        }
    }
}

/// All lines of synclists that cannot be done.
public struct SyncFailures: Error {
    public var diagnostics: [Diagnostic]
}
