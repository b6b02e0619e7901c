internal import Archive
internal import Support
internal import SystemPackage

/// A newc archive that follows an initramfs: the kernel unpacks one after the other, later files over earlier ones.
struct AppendedArchive {
    private var writer: NewcWriter
    /// Folders that the initramfs has, or that were written.
    private var present: Set<FilePath>

    /// - Parameters:
    ///   - output: the initramfs; the archive goes to its end.
    ///   - present: folders that the initramfs has. No member is written for these: where the initramfs has a link to a folder, the
    ///     kernel would put an empty folder in its place.
    ///   - path: of the initramfs, for errors.
    init(to output: FileDescriptor, _ path: FilePath, present: Set<FilePath>) throws {
        // The kernel looks for a header at multiples of 4 only.
        let end = try FileError.wrap("seek in", path) { try output.seek(offset: 0, from: .end) }
        try output.writeWhole([UInt8](repeating: 0, count: Int((4 - end % 4) % 4)), to: path)
        writer = NewcWriter(to: output, path)
        self.present = present
    }

    /// Writes what is in `folder`, sorted, as members below `base`.
    mutating func add(_ folder: FilePath, as base: FilePath) throws {
        try add(folder: base)
        try TreeWalk(folder).run { entry in
            let name = base.joined(entry.path)
            switch entry.status.kind {
            case .directory: try add(folder: name)
            case .symbolicLink: try writer.add(name, .symbolicLink, try entry.parent.linkTarget(at: entry.name))
            default:
                let file = try entry.parent.open(at: entry.name)
                defer { try? file.close() }
                try writer.add(name, .regular, try file.readToEnd(limit: .max, of: name))
            }
            return .enter
        }
    }

    /// Writes a folder and what leads to it, as far as they are not there.
    private mutating func add(folder path: FilePath) throws {
        guard !path.isEmpty, !present.contains(path) else { return }
        try add(folder: path.removingLastComponent())
        try writer.add(path, .directory)
        present.insert(path)
    }

    mutating func finish() throws { try writer.finish() }
}
