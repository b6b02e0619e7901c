internal import ForeignArchives
internal import Support
internal import SystemPackage

/// An ISO 9660 image, or a drive with one: Rock Ridge names, else Joliet's; read through libarchive without mounting.
final class ISOImage: MediumSource {
    let path: FilePath
    private let descriptor: FileDescriptor
    /// Bytes of the file or device.
    private let size: Int64

    /// No compressed file system inside: files cannot hold more than the image, but may share extents.
    var byteLimit: Int64? { size * 4 }

    init(_ path: FilePath) throws {
        let descriptor = try FileError.wrap("open", path) {
            try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        }
        do {
            let size = try FileError.wrap("examine", path) { try descriptor.seek(offset: 0, from: .end) }
            let volume = try VolumeDescriptor(descriptor, path)
            // Writers pad with up to 150 sectors, which some downloads lack.
            guard volume.size <= size + 150 * 2048 else {
                throw MediumError.truncated(path, bytes: size, expected: volume.size)
            }
            (self.path, self.descriptor, self.size) = (path, descriptor, size)
        } catch {
            try? descriptor.close()
            throw error
        }
    }

    deinit { try? descriptor.close() }

    func visit(_ body: (MediumEntry, MediumContent) throws -> Void) throws {
        let archive = try damaged {
            try ForeignArchive(FileInput(descriptor, size: size, path), .image, isStrict: true)
        }
        while let found = try damaged({ try archive.next() }) {
            guard let entry = try entry(found) else { continue }
            try body(entry) { emit in
                while true {
                    let block = try damaged { try archive.block() }
                    if block.isEmpty { return }
                    try emit(block)
                }
            }
        }
    }

    /// nil for the top itself.
    private func entry(_ found: ForeignEntry) throws(MediumError) -> MediumEntry? {
        guard let path = found.path, !found.name.isEmpty else {
            throw .unsafeName(self.path, name: FilePath(bytes: found.name.prefix { $0 != 0 }))
        }
        if path.isEmpty { return nil }
        return MediumEntry(
            path: path, kind: try kind(found, path), isExecutable: found.permissions & 0o111 != 0,
            modified: found.modified)
    }

    private func kind(_ found: ForeignEntry, _ path: FilePath) throws(MediumError) -> MediumEntry.Kind {
        switch found.kind {
        case .hardLink(let name, _):
            guard let first = MediumEntry.safePath(name), !first.isEmpty else {
                throw .unsafeName(self.path, name: path)
            }
            return .hardLink(first)
        case .directory: return .directory
        case .file(let size):
            guard let size, size >= 0 else { throw .tooLarge(self.path) }
            return .file(size)
        case .link(let target): return .link(target)
        case .special: throw .specialFile(self.path, name: path)
        }
    }

    /// What cannot be read, be it a sector or what libarchive makes of it, is a damaged image.
    private func damaged<Result>(_ body: () throws -> Result) throws(MediumError) -> Result {
        do {
            return try body()
        } catch {
            throw .damaged(path, reason: (error as? ForeignArchiveError)?.reason ?? "\(error)")
        }
    }
}

/// The primary volume descriptor of ISO 9660 (ECMA-119 §8.4): sector 16 and following.
private struct VolumeDescriptor {
    /// Bytes that the image must have.
    let size: Int64

    init(_ descriptor: FileDescriptor, _ path: FilePath) throws {
        var sector = [UInt8](repeating: 0, count: 2048)
        for number in 16..<48 {
            let count = try FileError.wrap("read", path) {
                try sector.withUnsafeMutableBytes {
                    try descriptor.read(fromAbsoluteOffset: Int64(number) * 2048, into: $0)
                }
            }
            let mark = String(decoding: sector[1..<6], as: UTF8.self)
            if count == 2048, mark == "BEA01", number == 16 { throw MediumError.onlyUDF(path) }
            guard count == 2048, mark == "CD001", sector[0] != 255 else { break }
            guard sector[0] == 1 else { continue }
            func value(_ offset: Int, _ bytes: Int) -> Int64 {
                (0..<bytes).reduce(0) { $0 | Int64(sector[offset + $1]) << (8 * Int64($1)) }
            }
            size = value(80, 4) * value(128, 2)
            return
        }
        throw MediumError.notAnImage(path)
    }
}
