internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

struct PackimageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "packimage", abstract: "Pack the root image of an osimage and publish it for nodes.")

    @Option(
        name: .shortAndLong, help: "Archive method: cpio, tar or squashfs.",
        completion: .list(PackFormat.methods))
    var method = "cpio"
    @Option(
        name: .shortAndLong, help: "Compressor: gzip, pigz, xz or zstd.",
        completion: .list(PackFormat.compressors))
    var compress = "gzip"
    @Flag(help: "Leave out the files of the synclists.") var nosyncfiles = false
    @Flag(inversion: .prefixedNo, help: "Run hooks.") var hooks = true
    @Flag(name: .shortAndLong, help: "Print the version.") var version = false
    @Option(name: .customShort("o"), help: .hidden) var osver: String?
    @Option(name: .customShort("p"), help: .hidden) var profile: String?
    @Option(name: .customShort("a"), help: .hidden) var arch: String?
    @Argument(
        help: "The osimage.",
        completion: .custom { _, _, prefix in
            ((try? Cluster.open().osimageNames()) ?? []).filter { $0.hasPrefix(prefix) }
        })
    var imagename: [String] = []

    func run() throws {
        if version { return try Console.print("Version \(CommandShell.version)") }
        guard osver == nil, profile == nil, arch == nil else {
            throw PackimageTarget.failure(
                "-o, -p and -a options are obsoleted, please use 'packimage <osimage name>' instead.")
        }
        guard let name = imagename.first else {
            // Without any word xCAT shows how it is used; with options alone it misses the image.
            guard CommandLine.arguments.count > 1, !isBare else { return try Console.print(Self.helpMessage()) }
            throw PackimageTarget.failure("An image name is required, use 'packimage <osimage name>'.")
        }
        let cluster = try Cluster.open()
        let target = try PackimageTarget(name, try PackFormat(method: method, compressor: compress), cluster)
        try PackimageSteps(target, cluster, appliesSynclists: !nosyncfiles, runsHooks: hooks).run()
    }

    /// Whether nothing but defaults was given.
    private var isBare: Bool { method == "cpio" && compress == "gzip" && !nosyncfiles && hooks }
}

/// Archive method and compressor, checked.
struct PackFormat {
    static let methods = ["cpio", "tar", "squashfs"]
    static let compressors = ["gzip", "pigz", "xz", "zstd"]

    let method: String
    /// As typed; pigz is gzip.
    let compressor: String

    /// - Throws: xCAT's words for an unknown one, and what to install for a missing program.
    init(method: String, compressor: String) throws {
        guard Self.methods.contains(method) else {
            throw PackimageTarget.failure(
                "Invalid archive method '\(method)' requested", "use one of \(Self.methods.joined(separator: ", "))")
        }
        guard Self.compressors.contains(compressor) else {
            throw PackimageTarget.failure(
                "Invalid compress method '\(compressor)' requested",
                "use one of \(Self.compressors.joined(separator: ", "))")
        }
        if compressor == "xz", method != "squashfs", !Tool.isInstalled("xz") {
            throw PackimageTarget.failure(
                "Command xz does not exist, please make sure it is installed.", "install xz-utils, or use -c gzip")
        }
        for (program, package) in [("sqfstar", "squashfs-tools"), ("sqfs2tar", "squashfs-tools-ng")]
        where method == "squashfs" && !Tool.isInstalled(FilePath(program)) {
            throw PackimageTarget.failure(
                "\(program) not found, \(package) should be installed on the management node",
                "install \(package), or use -m cpio")
        }
        (self.method, self.compressor) = (method, compressor)
    }

    /// Name of the packed root.
    var fileName: FilePath {
        if method == "squashfs" { return "rootimg.sfs" }
        let suffix = ["xz": "xz", "zstd": "zst"][compressor] ?? "gz"
        return FilePath("rootimg.\(method).\(suffix)")
    }
}
