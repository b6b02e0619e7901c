public import Support
public import SystemPackage

/// What is mounted in the namespace of this process.
public enum MountTable {
    /// Mount points that are `folder` or below it, sorted by bytes. Bind mounts are among them, also those of the same file system.
    ///
    /// - Parameter folder: without symbolic links.
    public static func points(in folder: FilePath) throws(FileError) -> [FilePath] {
        points(in: folder, table: try FilePath("/proc/self/mountinfo").readBytes(limit: 64 << 20))
    }

    /// - Parameter table: as in proc(5), `/proc/PID/mountinfo`.
    static func points(in folder: FilePath, table: [UInt8]) -> [FilePath] {
        Set(
            table.split(separator: 0x0a).compactMap { line -> FilePath? in
                let fields = line.split(separator: 0x20)
                guard fields.count > 4 else { return nil }
                let point = FilePath(bytes: unescaped(fields[4]))
                return point.starts(with: folder) ? point : nil
            }
        ).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// Blanks, newlines and backslashes are written as three octal digits.
    private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = field
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let number = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                result.append(number)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}
