internal import Support
public import SystemPackage

/// The kernel of an unpacked root image: exclude lists leave it out because nodes get it elsewhere, but genimage makes the
/// initial ramdisk from the one in the tree.
public enum LeftOutKernel {
    /// Puts `kernel` into a tree as `boot/vmlinuz-VERSION` when it has modules for it and no kernel.
    ///
    /// - Returns: its path in the tree; nil when there is a kernel, or when no modules are this kernel's.
    public static func restore(_ kernel: FilePath, in tree: FilePath) throws -> FilePath? {
        let root = RootFolder(tree)
        let (boot, modules) = try (root.host("/boot"), root.host("/lib/modules"))
        let kernels = try names(boot).filter { name in
            ["vmlinuz-", "vmlinux-", "image-", "Image-"].contains { name.hasPrefix($0) }
        }
        let versions = try names(modules)
        guard kernels.isEmpty, try !versions.contains(where: { try isKernel(root, $0) }) else { return nil }
        let own = try version(of: kernel)
        // A kernel that does not tell its version belongs to the only modules.
        guard let version = own ?? (versions.count == 1 ? versions.first : nil), versions.contains(version) else {
            return nil
        }
        let stored = FilePath("/boot/vmlinuz-\(version)")
        // A link that leads nowhere in the tree may lead somewhere on the host.
        guard try boot.status().map({ $0.kind == .directory }) ?? true else { return nil }
        try boot.createDirectories()
        try copy(kernel, to: try root.host(stored))
        return stored
    }

    private static func names(_ folder: FilePath) throws -> [String] {
        folder.isDirectory ? try folder.directoryNames().map(\.printable) : []
    }

    private static func isKernel(_ root: RootFolder, _ version: String) throws -> Bool {
        try root.host(FilePath("/lib/modules").joined(version).joined("vmlinuz")).isRegularFile
    }

    /// What the header of an x86 kernel says: a text at 0x200 and the number at 0x20e (Documentation/arch/x86/boot.rst).
    private static func version(of kernel: FilePath) throws -> String? {
        let descriptor = try FileError.wrap("open", kernel) {
            try FileDescriptor.open(kernel, .readOnly, options: .closeOnExec)
        }
        defer { try? descriptor.close() }
        func bytes(at offset: Int64, _ count: Int) throws -> [UInt8] {
            try FileError.wrap("read", kernel) {
                try [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
                    length = try descriptor.read(
                        fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))
                }
            }
        }
        let header = try bytes(at: 0x202, 14)
        guard header.count == 14, header.starts(with: "HdrS".utf8) else { return nil }
        let offset = Int64(header[12]) | Int64(header[13]) << 8
        let text = try bytes(at: 0x200 + offset, 200)
        let version = String(decoding: text.prefix { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self)
        return version.isEmpty || version.contains("/") ? nil : version
    }

    private static func copy(_ source: FilePath, to target: FilePath) throws {
        let input = try FileError.wrap("open", source) {
            try FileDescriptor.open(source, .readOnly, options: .closeOnExec)
        }
        defer { try? input.close() }
        let output = try AtomicFile(replacing: target)
        var block = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try FileError.wrap("read", source) {
                try block.withUnsafeMutableBytes { try input.read(into: $0) }
            }
            if count == 0 { break }
            try output.write(block[..<count])
        }
        try output.commit()
    }
}
