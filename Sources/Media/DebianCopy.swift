internal import ForeignArchives
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// What a copy of Debian or Ubuntu needs besides the medium's files.
struct DebianCopy {
    private let catalog: MediumCatalog
    private let recognised: Recognised?
    private let folder: CopyFolder

    init(_ catalog: MediumCatalog, _ recognised: Recognised?, _ folder: CopyFolder) {
        self.catalog = catalog
        self.recognised = recognised
        self.folder = folder
    }

    func complete() throws {
        try fillIndexes()
        if recognised?.isNetinst == true { try placeInstaller() }
    }

    /// Ubuntu's media have empty `Packages` beside `Packages.gz` in some components, which apt takes at their word.
    private func fillIndexes() throws {
        for entry in catalog.entries {
            guard case .file(let size) = entry.kind, size > 0, entry.path.lastName == "Packages.gz" else { continue }
            let plain = entry.path.removingLastComponent().joined("Packages")
            let isRestricted = entry.path.components.contains { $0.string == "restricted" }
            let present = catalog[plain]
            guard present.map({ $0.size == 0 }) ?? isRestricted else { continue }
            guard let source = try folder.file(entry.path, size: size) else { continue }
            defer { try? source.close() }
            // Made in an earlier run.
            if let made = try folder.open(plain, O_RDONLY) {
                let length = try made.status(of: plain).size
                try? made.close()
                if length > 0, present == nil { continue }
            }
            let target = try folder.createTemporary()
            defer { try? target.close() }
            try Self.unpack(source, entry.path, to: target)
            try folder.place(
                target, as: MediumEntry(path: plain, kind: .file(0), isExecutable: false, modified: entry.modified))
        }
    }

    private static func unpack(_ source: FileDescriptor, _ path: FilePath, to target: FileDescriptor) throws {
        let input = FileInput(source, size: try source.status(of: path).size, path)
        do {
            let archive = try ForeignArchive(input, .compressed)
            guard try archive.next() != nil else { return }
            var written = 0
            try archive.content { block in
                written += block.count
                // An index of all of Debian is about 50 MiB.
                guard written < 1 << 30 else { throw FileError("unpack", path, .fileTooLarge) }
                _ = try FileError.wrap("write", path) { try target.writeAll(block) }
            }
        } catch is ForeignArchiveError {
            throw FileError("unpack", path, .ioError)
        }
    }

    /// Network images have the installer in `install.<arch>`; xCAT's templates look in `install/netboot`.
    private func placeInstaller() throws {
        for entry in catalog.entries where entry.path.components.count == 2 {
            let (directory, name) = (entry.path.removingLastComponent().printable, entry.path.lastName)
            guard directory.hasPrefix("install."), ["initrd.gz", "vmlinuz"].contains(name.printable),
                case .file = entry.kind
            else { continue }
            var copy = entry
            copy.path = FilePath("install/netboot").joined(name)
            try folder.createHardLink(copy, to: entry.path)
        }
    }
}
