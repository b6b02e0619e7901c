internal import ForeignArchives
internal import KernelModules
internal import Support
public import SystemPackage

/// Where drivers come from: an RPM or Debian package, a driver disk, a single module, or a folder of all these.
///
/// Packages on driver disks and in folders are looked into as well. Nothing is unpacked anywhere.
public struct DriverSource {
    public let path: FilePath

    public init(_ path: FilePath) { self.path = path }

    /// An archive in an archive in an archive: a driver disk, a Debian package on it, the tar in that.
    private static let depthLimit = 3

    /// Called with the file, its size where that is known, and its content, which is to be read before it returns or not at all.
    public typealias Visitor = (_ file: DriverFile, _ size: Int64?, _ content: DriverContent) throws -> Void

    /// Visits every module, firmware file and kernel.
    /// - Throws: `DriverError`, `FileError`, and what `body` throws.
    public func visit(_ body: Visitor) throws {
        guard let status = try path.targetStatus() else { throw FileError("open", path, .noSuchFileOrDirectory) }
        switch status.kind {
        case .directory: try visitFolder(body)
        case .regular, .blockDevice: try visitFile(path, body)
        default: throw DriverError.notReadable(path)
        }
    }

    private func visitFolder(_ body: Visitor) throws {
        try TreeWalk(path, crossesDevices: true).run { entry in
            let place = path.joined(entry.path)
            switch entry.status.kind {
            case .symbolicLink:
                try visitLink(entry.path, target: FilePath(bytes: entry.parent.linkTarget(at: entry.name)), body)
            case .regular:
                if let file = DriverFile(entry.path) {
                    try body(file, entry.status.size) { emit in try Self.read(place, emit) }
                } else if Self.isContainer(entry.path, onDisk: true) {
                    try visitFile(place, body)
                }
            default: break
            }
            return .enter
        }
    }

    private func visitFile(_ file: FilePath, _ body: Visitor) throws {
        if ModuleName.isModule(file), let module = DriverFile(file.lastName) {
            return try body(module, nil) { emit in try Self.read(file, emit) }
        }
        let descriptor = try FileError.wrap("open", file) {
            try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
        }
        defer { try? descriptor.close() }
        let size = try FileError.wrap("examine", file) { try descriptor.seek(offset: 0, from: .end) }
        do {
            let count = try visitArchive(FileInput(descriptor, size: size, file), depth: 0, body)
            // It begins with zeros, like an empty tar.
            if count == 0, Self.holdsExt(descriptor) { throw DriverError.fileSystem(file) }
        } catch let error as ForeignArchiveError {
            throw DriverError.damaged(file, reason: error.reason)
        }
    }

    /// - Returns: how many members there are.
    @discardableResult
    private func visitArchive(_ input: any ForeignInput, depth: Int, _ body: Visitor) throws -> Int {
        let archive = try ForeignArchive(input, .package)
        var count = 0
        var linked = LinkedFiles(source: path)
        while let entry = try archive.next() {
            count += 1
            guard let place = entry.path else { throw DriverError.unsafeName(path, name: FilePath(bytes: entry.name)) }
            switch entry.kind {
            case .link(let target): try visitLink(place, target: target, body)
            case .file(let size):
                if let file = DriverFile(place) {
                    if size == 0 {
                        linked.begin(file)
                    } else {
                        try body(file, size) { emit in try archive.content(emit) }
                    }
                } else if Self.isContainer(place, onDisk: false), depth < Self.depthLimit {
                    try visitArchive(MemberInput(archive), depth: depth + 1, body)
                }
            case .hardLink(let first, let size):
                guard let file = DriverFile(place) else { continue }
                try linked.add(file, to: ForeignEntry.safePath(first), archive, size: size, body)
            case .directory, .special: break
            }
        }
        try linked.finish(body)
        return count
    }

    /// Links of firmware are kept: packages of firmware are full of them. Links to modules (weak-updates) are made anew by others.
    private func visitLink(_ place: FilePath, target: FilePath, _ body: Visitor) throws {
        guard case .firmware(let rest)? = DriverFile(place)?.kind else { return }
        try body(DriverFile(path: place, link: rest, target: target), 0) { _ in }
    }

    /// Whether to look into a file of this name.
    /// - Parameter onDisk: in a folder rather than in an archive: there driver disks may lie as well.
    private static func isContainer(_ path: FilePath, onDisk: Bool) -> Bool {
        let name = path.lastName.printable.lowercased()
        let suffixes = [".rpm", ".deb", ".cgz"] + (onDisk ? [".iso", ".img", ".dud"] : [])
        return suffixes.contains { name.hasSuffix($0) && !name.hasSuffix(".src.rpm") }
            || (name.hasPrefix("data.tar") && !onDisk)
    }

    private static func read(_ file: FilePath, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        let descriptor = try FileError.wrap("open", file) {
            try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
        }
        defer { try? descriptor.close() }
        let input = FileInput(descriptor, size: .max, file)
        while true {
            let block = try input.read()
            if block.isEmpty { return }
            try emit(block)
        }
    }

    /// The magic number of ext2, ext3 and ext4.
    private static func holdsExt(_ descriptor: FileDescriptor) -> Bool {
        var mark: [UInt8] = [0, 0]
        let count = try? mark.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: 1080, into: $0) }
        return count == 2 && mark == [0x53, 0xef]
    }
}

extension DriverFile {
    fileprivate init(path: FilePath, link: FilePath, target: FilePath) {
        self.path = path
        kind = .firmwareLink(link, target: target)
    }
}
