internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

struct ImgexportCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "imgexport", abstract: "Export an osimage as one file.")

    static let namesUnknownOptions = true

    @Option(
        name: .shortAndLong, help: ArgumentHelp("A file or folder to take too.", valueName: "file[:dir]"),
        completion: .file())
    var extra: [String] = []
    @Option(
        name: .shortAndLong, help: ArgumentHelp("Take the names of this node's postscripts.", valueName: "node"),
        completion: .custom { _, _, prefix in NodeCompletion.nodes(prefix) })
    var postscripts: String?
    @Option(
        name: [.customShort("R"), .long],
        help: ArgumentHelp("Copy the bundle there with scp.", valueName: "user@host"))
    var remotehost: String?
    @Flag(name: .shortAndLong, help: "Say more.") var verbose = false
    @Flag(help: "Take included lists, the partition file, postscripts and hooks of the image too.")
    var complete = false
    @Option(help: ArgumentHelp("Sign with this SSH key.", valueName: "key"), completion: .file()) var sign: String?
    @Option(help: "Compressor: gzip, xz or zstd.", completion: .list(["gzip", "xz", "zstd"])) var compress = "gzip"
    @Flag(inversion: .prefixedNo, help: "Run hooks.") var hooks = true
    @Argument(
        help: ArgumentHelp("The osimage, and the bundle to write.", valueName: "imagename destination"),
        completion: .custom { words, _, prefix in
            let names = OsimageNames.starting(with: "")
            let hasImage = words.dropLast().contains { names.contains($0) }
            return hasImage ? [":files"] : names.filter { $0.hasPrefix(prefix) }
        })
    var operands: [String] = []

    func validate() throws {
        guard ["gzip", "xz", "zstd"].contains(compress) else {
            throw ValidationError("unknown compressor '\(compress)': use gzip, xz or zstd")
        }
    }

    func run() throws {
        guard CommandLine.arguments.count > 1, !(operands.isEmpty && extra.isEmpty && !verbose && !complete) else {
            throw UsageFailure()
        }
        guard operands.count <= 2 else {
            throw UsageFailure("An osimage and one destination can be given: '\(operands[2])'")
        }
        let cluster = try Cluster.open()
        try BundleJournals(cluster).recover()
        let request = ExportRequest(
            image: operands.first ?? "", destination: operands.dropFirst().first, extras: extra, node: postscripts,
            remote: remotehost, isComplete: complete, compress: compress)
        try Console.print("Exporting \(request.image) to \(request.place)...")
        let target = try ExportTarget(request, cluster)
        try ExportSteps(
            target, request, cluster, key: sign.map { FilePath($0).absolute }, runsHooks: hooks, isVerbose: verbose
        ).run()
    }
}

/// What was asked of imgexport.
struct ExportRequest {
    let image: String
    let destination: String?
    let extras: [String]
    let node: String?
    let remote: String?
    let isComplete: Bool
    let compress: String

    /// The bundle's name where the destination is a folder, here or on the other host.
    var bundleName: String { Self.fileName(of: image) + ".tgz" }

    /// An osimage's name as that of a file.
    static func fileName(of image: String) -> String {
        image.split(whereSeparator: \.isWhitespace).joined(separator: "_")
    }

    /// The file to write, or its path on the other host.
    var output: FilePath {
        guard let destination, !destination.isEmpty else { return FilePath(bundleName) }
        let path = FilePath(destination)
        return destination.hasSuffix("/") || (remote == nil && path.isDirectory) ? path.joined(bundleName) : path
    }

    /// The file to write on this host, or on its way to another: absolute, its folder without `.` and `..`.
    var file: FilePath {
        let path = output.absolute
        return path.removingLastComponent().simplified.joined(path.lastName)
    }

    /// Where the bundle goes, for people.
    var place: String { remote ?? file.removingLastComponent().printable }
}
