internal import Archive
internal import ArgumentParser
internal import Bundles
internal import CommandShell
internal import Digests
internal import Support
internal import SystemPackage

struct BundlePackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle-pack", abstract: "Pack manifests and files of images into a bundle.")

    @Option(name: .shortAndLong, help: "Bundle to write; - for standard output.", completion: .file()) var output:
        String
    @Option(
        name: .shortAndLong, help: "Compressor: gzip, xz or zstd.", completion: .list(["gzip", "xz", "zstd"]))
    var compress = "gzip"
    @Option(help: "Compression level.") var level: Int?
    @Option(help: "Threads that compress; by itself one a processor, 16 at most.") var width: Int?
    @Option(help: "SSH key to sign with.", completion: .file()) var sign: String?
    @OptionGroup var place: RemotePlace
    @Option(help: "With --remote: what it is called in a folder there.") var name: String?
    @Option(help: "Descriptor to report progress to, as JSON lines.") var progressFd: Int32?

    func validate() throws {
        guard let compression = Compression(name: compress, level: level) else {
            throw ValidationError("unknown compressor '\(compress)': use gzip, xz or zstd")
        }
        guard compression.levels.contains(compression.level) else {
            let levels = compression.levels
            throw ValidationError("--level of \(compress) is \(levels.lowerBound) to \(levels.upperBound)")
        }
        guard width ?? 1 >= 1 else { throw ValidationError("--width must be 1 or more") }
        guard place.remote == nil || output != "-" else {
            throw ValidationError("--remote needs a file, not standard output")
        }
        if let name, place.remote == nil || name.isEmpty || name.hasPrefix(".") || name.contains("/") {
            throw ValidationError("--name is a file's name and goes with --remote: '\(name)'")
        }
    }

    func run() async throws {
        // It was checked by validate.
        guard let compression = Compression(name: compress, level: level) else { return }
        let packs = try BundlePack.read(
            try FileDescriptor.standardInput.readToEnd(limit: 256 << 20, of: "standard input"))
        let packer = BundlePacker(
            compression, width: width, signer: sign.map { BundleSigner(key: FilePath($0).absolute) })
        let progress = progressFd.map {
            Progress("pack", unit: .bytes, total: nil, descriptor: FileDescriptor(rawValue: $0))
        }
        if output == "-" {
            _ = try await packer.pack(packs, into: .standardOutput, "standard output", progress: progress)
            return
        }
        if let remote = try place.bundle(output) { return try await send(packs, packer, progress, to: remote) }
        let file = FilePath(output)
        try file.absolute.removingLastComponent().createDirectories()
        try tell(await packer.pack(packs, to: file, progress: progress))
    }

    /// Packs into a file of ours first: scp sends a whole one or none.
    private func send(
        _ packs: [BundlePack], _ packer: BundlePacker, _ progress: Progress?, to remote: RemoteBundle
    ) async throws {
        let folder = try place.folder("bundle-pack")
        defer { withExtendedLifetime(folder) {} }
        let file = folder.reserve(name ?? FilePath(output).lastName.printable)
        let summary = try await packer.pack(packs, to: file, progress: progress)
        guard try remote.send(file) else {
            throw CommandFailure(
                [Diagnostic("bundle was not sent", subject: output, remedy: "see what scp says above")], status: 1)
        }
        try tell(summary)
    }

    private func tell(_ summary: BundlePacker.Summary) throws {
        if let digest = summary.digest { try Console.print(digest.description) }
    }
}
