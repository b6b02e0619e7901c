internal import ArgumentParser
internal import CommandShell
internal import Netboot
internal import Settings
internal import Support
internal import SystemPackage

struct BootcfgWriteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bootcfg-write", abstract: "Write, remove or show the boot files of nodes.")

    @Flag(help: "Read more nodes from standard input: NODE, then KEY=VALUE fields, separated by tabs.") var stdin = false
    @Flag(help: "Change nothing; print the state that each node's boot file records.") var show = false
    @Option(help: "TFTP folder; default /tftpboot beneath the root.", completion: .directory) var tftpdir: String?
    @Option(help: "netboot OS-ARCH-PROFILE, boot or offline.") var state: String?
    @Option(help: "Osimage whose published set the nodes boot.") var osimage: String?
    @Option(help: "Web server for the boot loader; default the loader's next-server.") var server: String?
    @Option(help: "Web server for the root image; default that of --server.") var imageServer: String?
    @Option(help: "Management node, for XCAT=; default that of --server.") var master: String?
    @Option(help: "http or https, for the root image.") var method: String?
    @Option(help: "Port of the web server.") var httpPort: String?
    @Option(help: "Port of the management node's daemon, for XCAT=.") var xcatdPort: String?
    @Option(help: "Value of FC=.") var flowControl: String?
    @Option(help: "yes, or no for nonodestatus.") var reportStatus: String?
    @Option(help: "Name of the boot interface, for netdev=.") var netdev: String?
    @Option(help: "MAC address of the boot interface, for BOOTIF=.") var bootif: String?
    @Option(help: "A console, for console=; may be given several times.") var console: [String] = []
    @Option(help: "Words for the end of the kernel line; may be given several times.") var append: [String] = []
    @Argument(help: "Nodes.") var nodes: [String] = []

    func run() throws {
        guard stdin || !nodes.isEmpty else { throw ValidationError("Missing expected argument '<nodes> ...'") }
        let tftpFolder = try tftpdir.map { FilePath($0) } ?? Settings.current().root.host("/tftpboot")
        let folder = NodeBootFolder(tftpFolder: tftpFolder)
        if show {
            for node in nodes { try Console.print("\(node)\t\(try folder.state(of: node) ?? "offline")") }
            return
        }
        // All records are understood before the first file is written.
        let files = try requests().map { ($0.node, try $0.bootFile()) }
        for (node, file) in files {
            if let file {
                try folder.write(file)
            } else {
                try folder.remove(node)
            }
            try Console.print("\(node)\t\(file?.state ?? "offline")")
        }
    }

    private func requests() throws -> [BootRequest] {
        var defaults = BootRequest(node: "")
        let options: [(String, String?)] = [
            ("state", state), ("osimage", osimage), ("server", server), ("image-server", imageServer), ("master", master),
            ("method", method), ("http-port", httpPort), ("xcatd-port", xcatdPort), ("flow-control", flowControl),
            ("report-status", reportStatus), ("netdev", netdev), ("bootif", bootif),
        ]
        for case (let key, let value?) in options { try defaults.set(key, value) }
        for value in console { try defaults.set("console", value) }
        for value in append { try defaults.set("append", value) }
        var requests = nodes.map { node in
            var request = defaults
            request.node = node
            return request
        }
        if stdin {
            let input = try FileDescriptor.standardInput.readToEnd(limit: 256 << 20, of: "standard input")
            for line in String(decoding: input, as: UTF8.self).split(separator: "\n") {
                requests.append(try BootRequest(record: line, defaults: defaults))
            }
        }
        return requests
    }
}
