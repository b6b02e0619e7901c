internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// What package managers print: kept in a file, followed for a line of progress, quoted when they fail.
struct PackageLog {
    let descriptor: FileDescriptor
    private let file: FilePath
    /// Where this run's part begins.
    private let start: Int64

    /// Appends to `file`.
    init(_ file: FilePath) throws {
        self.file = file
        descriptor = try FileError.wrap("open", file) {
            try FileDescriptor.open(
                file, .readWrite, options: [.append, .create, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite, .groupRead])
        }
        start = try descriptor.status(of: file).size
    }

    /// Shows how many packages are done until the program ends: lines that hold `mark`.
    func follow(_ running: RunningTool, mark: String) throws {
        guard isatty(2) == 1 else { return }
        let progress = Progress("installing packages", unit: .packages, total: nil)
        var offset = start
        var state = siginfo_t()
        while waitid(P_PID, id_t(running.pid), &state, WEXITED | WNOHANG | WNOWAIT) == 0,
            state._sifields._sigchld.si_pid == 0
        {
            let text = try read(from: offset, limit: 1 << 20)
            offset += Int64(text.utf8.count)
            progress.advance(UInt64(text.split(separator: "\n").count { $0.contains(mark) }))
            usleep(200_000)
        }
        progress.finish()
    }

    /// What this run printed.
    func text(limit: Int = 64 << 20) throws -> String { try read(from: start, limit: limit) }

    /// The lines that tell why a run failed: errors first, else the last ones.
    func explanation(namesFile: Bool = true) throws -> String {
        let size = try descriptor.status(of: file).size
        let lines = try read(from: max(start, size - 65536), limit: 65536).split(separator: "\n").filter {
            !Self.isChatter($0)
        }
        let errors = lines.filter { line in
            ["E:", "dpkg: error", "dpkg-deb: error", "error:", "Error:"].contains { line.hasPrefix($0) }
                || line.contains("o space left on device")
        }
        let told = errors.isEmpty ? lines.suffix(8) : errors.suffix(4)
        return (told + (namesFile ? ["see \(file.printable)"] : [])).joined(separator: "\n")
    }

    /// Debian's rpm says at each error that it is not meant for Debian's own packages.
    static func isChatter(_ line: some StringProtocol) -> Bool {
        line.hasPrefix("rpm: ")
            && (line.contains("use Alien instead") || line.contains("assuming you know what you are doing"))
    }

    private func read(from offset: Int64, limit: Int) throws -> String {
        try FileError.wrap("read", file) {
            let size = try Int(descriptor.seek(offset: 0, from: .end) - offset)
            var buffer = [UInt8](repeating: 0, count: max(0, min(limit, size)))
            let count = try buffer.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: offset, into: $0) }
            return String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}
