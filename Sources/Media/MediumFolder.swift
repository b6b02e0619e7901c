internal import Support
internal import SystemPackage

/// A medium that is mounted or was unpacked: a folder. Symbolic links in it are never followed.
final class MediumFolder: MediumSource {
    let path: FilePath

    init(_ path: FilePath) { self.path = path }

    var byteLimit: Int64? { nil }

    func visit(_ body: (MediumEntry, MediumContent) throws -> Void) throws {
        var firstNames: [[UInt64]: FilePath] = [:]
        try TreeWalk(path, crossesDevices: true).run { found in
            // Our own marker and what an interrupted copy left are no part of the medium.
            if CopyMarker.isOurs(found.path) { return .skip }
            var kind: MediumEntry.Kind
            switch found.status.kind {
            case .directory: kind = .directory
            case .symbolicLink: kind = .link(FilePath(bytes: try found.parent.linkTarget(at: found.name)))
            case .regular:
                kind = .file(found.status.size)
                if found.status.linkCount > 1 {
                    let identity = [found.status.device, found.status.inode]
                    if let first = firstNames[identity] { kind = .hardLink(first) }
                    firstNames[identity] = firstNames[identity] ?? found.path
                }
            default: throw MediumError.specialFile(path, name: found.path)
            }
            let entry = MediumEntry(
                path: found.path, kind: kind, isExecutable: found.status.permissions & 0o111 != 0,
                modified: found.status.modified.seconds)
            try body(entry) { emit in
                let descriptor = try found.parent.open(at: found.name)
                defer { try? descriptor.close() }
                try Self.read(descriptor, found.path, emit)
            }
            return .enter
        }
    }

    private static func read(
        _ descriptor: FileDescriptor, _ path: FilePath, _ emit: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            let count = try FileError.wrap("read", path) { try descriptor.read(into: buffer) }
            if count == 0 { return }
            try emit(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
