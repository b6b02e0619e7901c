import Digests
import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A distribution as the tests build it: where its medium comes from, and what its image holds.
struct TestDistribution: Sendable {
    var medium: TestMedia
    /// Of `custom/netboot`.
    var platform: String
    /// Lines of the package list.
    var list: String

    static let debian12 = TestDistribution(
        medium: .debian12, platform: "debian",
        list: "#INCLUDE:/opt/xcat/share/xcat/netboot/debian/compute.pkglist#\njq\nlibcap2-bin\n")
    static let el8 = TestDistribution(
        medium: .el8, platform: "rh",
        list: "#INCLUDE:/opt/xcat/share/xcat/netboot/rh/compute.rhels8.x86_64.pkglist#\njq\nlibcap\nsquashfs-tools\n")
    static let sle15 = TestDistribution(
        medium: .sle15, platform: "sle",
        list:
            "#INCLUDE:/opt/xcat/share/xcat/netboot/sle/compute.sle15.x86_64.pkglist#\n@minimal_base\nNetworkManager\njq\nlibcap\n"
    )
}

/// A site with a real medium, an image built from it, a web server and one node: made once for a whole suite.
///
/// Unchecked: everything is set once in `init`, and the server's process is touched again only when nobody refers to it.
final class BuiltSite: @unchecked Sendable {
    @TaskLocal static var current: BuiltSite?

    let folder: FilePath
    let root: FilePath
    let catboat: Catboat
    let server: WebServer
    let osimage: String
    /// As stored.
    let rootimgdir: FilePath
    static let node = "cn01"

    init(_ folder: FilePath, _ distribution: TestDistribution) throws {
        self.folder = folder
        root = folder.joined("site")
        try root.createDirectories()
        catboat = Catboat(root: root)
        try catboat.succeed("init", "--master", "10.0.2.2")
        server = try WebServer(root: root, folder: folder)
        try catboat.succeed("table-set", "site", "key=httpport", Word("value=\(server.port)"))
        try catboat.succeed("copycds", Word(try distribution.medium.image()))
        let listed = try catboat.succeed("lsdef", "-t", "osimage", "-w", "provmethod==netboot", "-s").stdout
        osimage = String(try #require(listed.split(separator: " ").first))
        let shown = try catboat.succeed("definition-get", "--shell", "osimage", Word(osimage)).stdout
        func value(_ attribute: String) throws -> String {
            let line = try #require(shown.split(separator: "\n").first { $0.hasPrefix("osimage_\(attribute)=") })
            return line.split(separator: "=")[1].filter { $0 != "'" }
        }
        rootimgdir = FilePath(try value("rootimgdir"))
        try writeRecipe(distribution, exlist: value("exlist"))
        try catboat.succeed(
            "chdef", "-t", "osimage", "-o", Word(osimage),
            Word("pkglist=/install/custom/netboot/\(distribution.platform)/e2e.pkglist"),
            Word("exlist=/install/custom/netboot/\(distribution.platform)/e2e.exlist"),
            Word("postinstall=/install/custom/netboot/\(distribution.platform)/e2e.postinstall"),
            // On a busy machine a node may take longer than the 90 seconds that systemd gives a unit.
            "addkcmdline=systemd.default_timeout_start_sec=900")
        try catboat.succeed("genimage", Word(osimage))
        // A change by hand, which packimage takes along.
        try AtomicFile.write("by hand\n".utf8, to: rootimg.joined("etc/changed-by-hand"))
        try catboat.succeed(
            "mkdef", "-t", "node", "-o", Word(Self.node), "groups=all", "netboot=xnba", "arch=x86_64", "ip=10.0.2.15",
            "mac=52:54:00:00:00:01", "serialport=0", "serialspeed=115200")
    }

    /// The host path of a stored one.
    func host(_ stored: FilePath) -> FilePath { root.joined(stored) }

    var rootimg: FilePath { host(rootimgdir).joined("rootimg") }

    /// SHA-256 of the list of packages, in the order that sort(1) gives it.
    func packageDigest() throws -> String {
        let listed = try catboat.succeed("package-list", Word(rootimg)).stdout
        let lines = listed.split(separator: "\n").map { Array($0.utf8) + [0x0a] }
        let sorted: [UInt8] = lines.sorted { $0.lexicographicallyPrecedes($1) }.reduce([], +)
        return Digest.of(sorted).hex
    }

    /// The packed root that nodes get now.
    func servedRoot() throws -> FilePath {
        let digest = try catboat.succeed("image-publish", "--current", Word(osimage)).stdout
        let set = host(rootimgdir).joined(".packed").joined(String(digest.dropFirst(7).dropLast()))
        let name = try #require(try set.directoryNames().first { $0.printable.hasPrefix("rootimg.") })
        return set.joined(name)
    }

    /// Runs `body` while a sample hook is in place.
    func withHook(_ sample: FilePath, _ body: () throws -> Catboat.Result) throws -> Catboat.Result {
        let folder = host("/install/custom/hooks").joined("\(sample.removingLastComponent()).d")
        try folder.createDirectories()
        let hook = folder.joined(sample.lastName)
        try AtomicFile.write(
            Catboat.projectFolder.joined("hooks").joined(sample).readBytes(), to: hook, permissions: 0o755)
        defer { try? hook.removeFile() }
        return try body()
    }

    /// The package list, an exlist, and a postinstall script that leaves a trace and a unit that reports on the console.
    private func writeRecipe(_ distribution: TestDistribution, exlist: String) throws {
        let lists = host("/install/custom/netboot").joined(distribution.platform)
        try lists.createDirectories()
        try AtomicFile.write(distribution.list.utf8, to: lists.joined("e2e.pkglist"))
        // An emulated node takes minutes to unpack drivers of hardware that it does not have.
        let others = ["drivers/gpu", "drivers/media", "drivers/net/wireless", "drivers/infiniband", "sound"]
        let patterns = others.map { "./*lib/modules/*/kernel/\($0)/*\n" }.joined()
        try AtomicFile.write("#INCLUDE:\(exlist)#\n\(patterns)".utf8, to: lists.joined("e2e.exlist"))
        let script = """
            #!/bin/sh
            set -e
            echo "$2 $3 $4" > "$1/etc/postinstall-trace"
            cat > "$1/usr/local/sbin/e2e-report" <<'END'
            #!/bin/sh
            packages() {
                if command -v rpm > /dev/null; then
                    rpm -qa --qf '%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\n'
                else
                    dpkg-query -f '${db:Status-Status} ${Package}\\t${Version}\\t${Architecture}\\n' -W | sed -n 's/^installed //p'
                fi
            }
            state=$(timeout 1200 systemctl is-system-running --wait)
            {
            echo "REPORT state=$state"
            echo "REPORT failed=[$(systemctl list-units --state=failed --plain --no-legend)]"
            echo "REPORT host=$(hostname)"
            echo "REPORT root=$(findmnt -n -o FSTYPE /)"
            echo "REPORT package=$(echo '{"a":42}' | jq .a)"
            echo "REPORT manual=$(cat /etc/changed-by-hand)"
            echo "REPORT postinstall=$(cat /etc/postinstall-trace)"
            echo "REPORT caps=$(getcap /usr/bin/ping)"
            echo "REPORT packages=$(packages | LC_ALL=C sort | sha256sum | cut -d' ' -f1)"
            echo "REPORT address=$(ip -4 -o addr show scope global | awk '{print $4}')"
            echo "REPORT site=$(cat /etc/site.d/* 2> /dev/null | xargs)"
            echo "REPORT leftover=[$(ls -d /.catboat 2> /dev/null)]"
            echo "REPORT end"
            } > /dev/console 2>&1
            END
            chmod 755 "$1/usr/local/sbin/e2e-report"
            cat > "$1/etc/systemd/system/e2e-report.service" <<'END'
            [Service]
            ExecStart=/usr/local/sbin/e2e-report
            [Install]
            WantedBy=multi-user.target
            END
            mkdir -p "$1/etc/systemd/system/multi-user.target.wants"
            ln -sf ../e2e-report.service "$1/etc/systemd/system/multi-user.target.wants/e2e-report.service"
            # Debian's ifupdown gives udev two minutes, whatever systemd's limit is.
            mkdir -p "$1/etc/systemd/system/ifupdown-pre.service.d"
            cat > "$1/etc/systemd/system/ifupdown-pre.service.d/slow.conf" <<'END'
            [Service]
            TimeoutSec=900
            ExecStart=
            ExecStart=/bin/udevadm settle --timeout=890
            END

            """
        try AtomicFile.write(script.utf8, to: lists.joined("e2e.postinstall"), permissions: 0o755)
    }
}

/// Gives every test of a suite one `BuiltSite` and removes it afterwards.
struct BuiltSiteTrait: SuiteTrait, TestScoping {
    let distribution: TestDistribution

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // Not below /tmp: that may be a tmpfs without room or devices.
        var template = Array("/var/tmp/catboat-e2e-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        try #require(made)
        let folder = FilePath(bytes: template.dropLast().map { UInt8(bitPattern: $0) })
        defer {
            if Environment.current["CATBOAT_TEST_KEEP"] == nil { try? folder.removeTree() }
        }
        try folder.changePermissions(0o755)
        let site = try await TestTimes.measure("the site and image of \(distribution.platform)") {
            try BuiltSite(folder, distribution)
        }
        try await BuiltSite.$current.withValue(site) { try await function() }
    }
}

extension Trait where Self == BuiltSiteTrait {
    /// The suite's tests share `BuiltSite.current`.
    static func builtSite(_ distribution: TestDistribution) -> Self { Self(distribution: distribution) }
}
