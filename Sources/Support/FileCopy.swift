internal import CLinux
public import SystemPackage

extension FilePath {
    /// Makes a new file `target` with the content of this one: shares the blocks where the file system can, else copies. Durable.
    public func copyContent(to target: FilePath) throws(FileError) {
        try FileError.wrap("copy to \(target.printable)", self) {
            let reader = try FileDescriptor.open(self, .readOnly, options: .closeOnExec)
            defer { try? reader.close() }
            let writer = try FileDescriptor.open(
                target, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: [.ownerReadWrite])
            defer { try? writer.close() }
            if catboat_reflink(writer.rawValue, reader.rawValue) == 0 { return try writer.synchronize(target) }
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let count = try reader.read(into: buffer)
                if count == 0 { break }
                try writer.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            try writer.synchronize(target)
        }
    }
}
