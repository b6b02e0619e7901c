internal import Archive
internal import ArgumentParser
internal import CommandShell
internal import Digests
internal import Ramdisk
internal import Support
internal import SystemPackage

struct RamdiskPackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ramdisk-pack", abstract: "Pack a tree into the file that a node loads.")

    @Option(name: .shortAndLong, help: "File to write; - for standard output.", completion: .file()) var output: String
    @Option(
        name: .shortAndLong, help: "Archive method: cpio, tar or squashfs.",
        completion: .list(["cpio", "tar", "squashfs"])) var method = "cpio"
    @Option(
        name: .shortAndLong, help: "Compressor: gzip, pigz, xz or zstd.",
        completion: .list(["gzip", "pigz", "xz", "zstd"])) var compress = "gzip"
    @Option(help: "Compression level.") var level: Int?
    @Option(help: "Threads that compress; by itself one a processor, 16 at most.") var width: Int?
    @Option(help: "Pack only the paths listed in this file; - for standard input.", completion: .file())
    var filesFrom: String?
    @Flag(name: .customShort("z"), help: "Paths of --files-from end with NUL.") var isNULSeparated = false
    @Option(help: "Descriptor to report progress to, as JSON lines.") var progressFd: Int32?
    @Argument(help: "Tree to pack.", completion: .directory) var tree: String

    func validate() throws {
        guard RamdiskPacker.Method(rawValue: method) != nil else {
            throw ValidationError("unknown archive method '\(method)': use cpio, tar or squashfs")
        }
        guard let compression = Compression(name: compress, level: level) else {
            throw ValidationError("unknown compressor '\(compress)': use gzip, pigz, xz or zstd")
        }
        guard compression.levels.contains(compression.level) else {
            let levels = compression.levels
            throw ValidationError("--level of \(compress) is \(levels.lowerBound) to \(levels.upperBound)")
        }
        guard method != "squashfs" || level == nil else {
            throw ValidationError("--level does not apply to squashfs")
        }
        guard width ?? 1 >= 1 else { throw ValidationError("--width must be 1 or more") }
        guard method != "squashfs" || output != "-" else {
            throw ValidationError("squashfs cannot be written to standard output")
        }
    }

    func run() async throws {
        // Both were checked by validate.
        guard let method = RamdiskPacker.Method(rawValue: method),
            let compression = Compression(name: compress, level: level)
        else { return }
        let plan = try self.plan()
        let packer = RamdiskPacker(method, compression, width: width, epoch: try SourceDate.current())
        let progress = Progress(
            "pack", unit: .bytes, total: plan.dataSize, descriptor: progressFd.map { FileDescriptor(rawValue: $0) })
        if output == "-" {
            // The archive is all that may be on standard output.
            _ = try await packer.pack(plan, into: .standardOutput, "standard output", progress: progress)
            return
        }
        let summary = try await packer.pack(plan, to: FilePath(output), progress: progress)
        if let digest = summary.digest { try Console.print(digest.description) }
    }

    private func plan() throws -> PackPlan {
        guard let filesFrom else { return try PackPlan(tree: FilePath(tree)) }
        return try PackPlan(
            tree: FilePath(tree), paths: try PathList.read(filesFrom, isNULSeparated: isNULSeparated))
    }
}

/// The list of paths that `--files-from` names.
enum PathList {
    /// - Parameter name: a file, or `-` for standard input.
    static func read(_ name: String, isNULSeparated: Bool) throws -> [[UInt8]] {
        let limit = 1 << 30
        let bytes =
            name == "-"
            ? try FileDescriptor.standardInput.readToEnd(limit: limit, of: "standard input")
            : try FilePath(name).readBytes(limit: limit)
        return bytes.split(separator: isNULSeparated ? 0 : 0x0a).map { Array($0) }
    }
}
