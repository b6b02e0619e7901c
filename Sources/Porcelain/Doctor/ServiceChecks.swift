internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// What nodes ask at boot: HTTP, TFTP, DHCP; and that HTTP does not tell what it should not.
struct ServiceChecks {
    private(set) var findings: [Finding] = []
    private let cluster: Cluster

    init(_ cluster: Cluster) throws {
        self.cluster = cluster
        guard let master = try cluster.site("master") else { return }
        try checkWeb(master)
        checkBootFiles(master)
        checkAddresses()
    }

    private mutating func checkWeb(_ master: String) throws {
        let port = try cluster.site("httpport") ?? "80"
        let install = try cluster.installFolder
        let web = NetworkProbe(host: master, port: port)
        let shipped = cluster.settings.dataFolder.joined("web").printable
        guard let status = web.webStatus(of: install.printable + "/") else {
            return findings.append(
                Finding(
                    "http", .error, "no web server answers at \(master):\(port)",
                    remedy: "start one with \(shipped)/nginx.conf or apache.conf, or set site.httpport"))
        }
        findings.append(Finding("http", .ok, "a web server answers at \(master):\(port) (\(status))"))
        var served: [String] = []
        for path in try secrets() where web.webStatus(of: path) == 200 { served.append(path) }
        if served.isEmpty {
            findings.append(Finding("http", .ok, "it does not show \(install.printable)/custom"))
        } else {
            findings.append(
                Finding(
                    "http", .error, "it shows anybody what shapes your images: \(served.joined(separator: ", "))",
                    remedy: "forbid \(install.printable)/custom as \(shipped)/nginx.conf and apache.conf do"))
        }
        for name in try cluster.osimageNames() { try checkPublished(name, web) }
    }

    /// Paths that must not be shown: the repository, the site's configuration, and some file beside them.
    private func secrets() throws -> [String] {
        let custom = try cluster.installFolder.joined("custom")
        let host = try cluster.settings.host(custom)
        let some = (try? host.directoryNames().first { host.joined($0).isRegularFile }) ?? nil
        let names = [".git/HEAD", ".git/config", "config"].map { FilePath($0) } + (some.map { [$0] } ?? [])
        return names.map { custom.joined($0).printable }
    }

    /// What a node loads of an image: its boot file, and the packed root of the set that it names.
    private mutating func checkPublished(_ name: String, _ web: NetworkProbe) throws {
        let image = try cluster.osimage(name)
        guard let folder = try image.rootimgdir(cluster),
            let set = try PublishedSet.current(of: image, cluster).flatMap({ $0.hasPrefix("sha256:") ? $0 : nil })
        else { return }
        let kept = folder.joined(".packed").joined(String(set.dropFirst(7)))
        let names = try cluster.settings.host(kept).directoryNames()
        let bootFile = try cluster.tftpFolder.joined("xcat/osimage").joined(name).joined("boot.ipxe")
        for path in [bootFile] + names.filter({ $0.printable.hasPrefix("rootimg.") }).map(kept.joined) {
            let status = web.webStatus(of: path.printable)
            guard status != 200 else { continue }
            findings.append(
                Finding(
                    "http", .error,
                    "nodes cannot fetch \(path.printable) (\(status.map(String.init) ?? "no answer"))",
                    remedy: "let the web server show \(path.removingLastComponent().printable)"))
        }
    }

    private mutating func checkBootFiles(_ master: String) {
        let answers = NetworkProbe(host: master, port: "69").answersBootFileRequests
        findings.append(
            answers
                ? Finding("tftp", .ok, "a TFTP server answers at \(master)")
                : Finding(
                    "tftp", .warning, "no TFTP server answers at \(master)",
                    remedy: "start one that shows tftpdir, unless your nodes load iPXE over HTTP"))
    }

    /// A DHCP server cannot be asked without taking an address from it: whether this machine has one is all that is seen.
    private mutating func checkAddresses() {
        let tables = ["/proc/net/udp", "/proc/net/udp6"].map { (try? FilePath($0).readText()) ?? "" }
        let listens = tables.contains { table in
            table.split(separator: "\n").contains { line in
                let fields = line.split(separator: " ")
                return fields.count > 1 && fields[1].hasSuffix(":0043")
            }
        }
        findings.append(
            listens
                ? Finding("dhcp", .ok, "a DHCP server runs on this machine")
                : Finding(
                    "dhcp", .warning, "no DHCP server runs on this machine",
                    remedy: "start one, unless another machine answers your nodes"))
    }
}
