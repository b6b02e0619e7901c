internal import CLinux
internal import Support
public import SystemPackage

/// The generic steps that turn a tree of packages into a root image, and take out what must differ between nodes or builds.
public struct ImageFinisher {
    public struct Options: Sendable {
        /// Profile and architecture name the root in fstab.
        public var profile = ""
        public var arch = ""
        /// Interfaces besides the one to boot from, configured by DHCP.
        public var interfaces: [String] = []
        /// Size of /tmp and /var/tmp as file systems in memory, e.g. `10m`; nil for none.
        public var temporarySize: String?

        public init() {}
    }

    private let folder: ImageFolder
    private let image: ImageTree
    /// The folder of the shipped postscripts.
    private let scripts: FilePath

    public init(_ folder: ImageFolder, dataFolder: FilePath) throws {
        guard folder.tree.isDirectory else { throw ImageStateError.noTree(folder.tree) }
        self.folder = folder
        image = ImageTree(folder.tree)
        scripts = dataFolder.joined("postscripts")
    }

    /// After packages were installed: what every diskless node needs. Files that people wrote stay as they are.
    public func populate(_ options: Options) throws {
        try makeDevices()
        try writeFileSystemTable(options)
        try writeResolver()
        try configureInterfaces(options.interfaces)
        try prepareAccounts()
        try installPostscripts()
        try disableVendorRepositories()
        try clean()
    }

    /// Before the image is packed: the scripts of this release, and the same cleaning, for what came into the tree since.
    public func prepareForPacking() throws {
        guard try ImageState.read(folder)?.isFinished ?? true else { throw ImageStateError.unfinished(folder.tree) }
        try installNodeScripts()
        try clean()
    }

    /// Before steps that change a finished tree without installing packages: notes what people changed.
    public func begin() throws {
        guard var state = try ImageState.read(folder) else { return }
        guard state.step != .populating else { throw ImageStateError.unfinished(folder.tree) }
        try HandChanges.remember(folder)
        state.step = .populated
        try state.write(folder)
    }

    /// Marks the tree as whole and records it, so that later changes by hand are known.
    ///
    /// - Parameters:
    ///   - recipe: commit of what the tree was made from; what was noted before stays when nil.
    ///   - kernel: version of the kernel beside the tree; likewise.
    public func complete(recipe: String? = nil, kernel: String? = nil) throws {
        guard var state = try ImageState.read(folder) else { return }
        guard state.step != .populating else { throw ImageStateError.unfinished(folder.tree) }
        if let recipe { state.recipe = recipe }
        if let kernel { state.kernel = kernel }
        try AtomicFile.write(try HandChanges.listing(folder), to: folder.listingFile)
        try folder.changesFile.removeFile()
        state.step = .complete
        try state.write(folder)
    }

    /// Notes of a copied tree that it is as this recipe makes one. What people changed in it stays known; a tree of which
    /// nothing is noted counts as unchanged, and its packages as not chosen by lists.
    public func adopt(recipe: String) throws {
        var state: ImageState
        if let known = try ImageState.read(folder) {
            state = known
        } else {
            try folder.changesFile.removeFile()
            try AtomicFile.write(try HandChanges.listing(folder), to: folder.listingFile)
            state = ImageState(step: .complete)
        }
        guard state.isFinished else { throw ImageStateError.unfinished(folder.tree) }
        state.recipe = recipe
        try state.write(folder)
    }

    // MARK: - Generic steps

    private func makeDevices() throws {
        for (name, mode, minor) in [
            ("null", 0o666, 3), ("zero", 0o666, 5), ("random", 0o666, 8), ("urandom", 0o666, 9),
        ] as [(String, UInt32, UInt32)] {
            try image.device("/dev/\(name)", mode, 1, minor)
        }
        // The kernel opens it for init before anything is mounted.
        try image.device("/dev/console", 0o600, 5, 1)
    }

    private static let tableMark = "# catboat: a node without disks; the root file system is mounted by the initramfs"

    private func writeFileSystemTable(_ options: Options) throws {
        let present = try image.text("/etc/fstab") ?? ""
        let isOurs =
            present.hasPrefix(Self.tableMark) || present.allSatisfy(\.isWhitespace)
            || present.hasPrefix("# UNCONFIGURED FSTAB")
        guard isOurs else { return }
        var lines = [Self.tableMark + (options.profile.isEmpty ? "" : " (\(options.profile)_\(options.arch))")]
        if let size = options.temporarySize {
            for folder in ["/tmp", "/var/tmp"] {
                lines.append("tmpfs \(folder) tmpfs defaults,nosuid,nodev,mode=1777,size=\(size) 0 0")
            }
        }
        try image.write(lines.joined(separator: "\n") + "\n", to: "/etc/fstab")
    }

    private func writeResolver() throws {
        // A link (systemd-resolved) or a file that people wrote stays.
        if try image.entry("/etc/resolv.conf").exists { return }
        try image.write("#Dummy resolv.conf to make boot cleaner\n", to: "/etc/resolv.conf")
    }

    /// The interface to boot from is the initramfs's, which hands its network over.
    private func configureInterfaces(_ names: [String]) throws {
        for name in names {
            if image.exists("/sbin/ifup") || image.exists("/usr/sbin/ifup") {
                try image.write(
                    "auto \(name)\niface \(name) inet dhcp\n", to: "/etc/network/interfaces.d/catboat-\(name)")
            } else if image.exists("/usr/sbin/NetworkManager") {
                try image.write(
                    "[connection]\nid=catboat-\(name)\ntype=ethernet\ninterface-name=\(name)\n\n[ipv4]\nmethod=auto\n",
                    to: "/etc/NetworkManager/system-connections/catboat-\(name).nmconnection", permissions: 0o600)
            } else {
                try image.write(
                    "[Match]\nName=\(name)\n\n[Network]\nDHCP=yes\n",
                    to: "/etc/systemd/network/50-catboat-\(name).network")
                try image.link(
                    "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
                    to: "/lib/systemd/system/systemd-networkd.service")
            }
        }
    }

    /// Beginnings of the names of files in `/etc/yum.repos.d` by which distributions lead to their own servers.
    private static let vendors = [
        "redhat", "CentOS-", "centos", "Rocky-", "rocky", "almalinux", "oracle-linux", "uek-", "virt-ol", "fedora",
    ]

    /// Nodes get packages from where the site says; the servers of a distribution would make every dnf on a node wait and fail.
    private func disableVendorRepositories() throws {
        for name in try image.host("/etc/yum.repos.d").directoryNames().map(\.printable)
        where name.hasSuffix(".repo") && Self.vendors.contains(where: { name.hasPrefix($0) }) {
            let path = "/etc/yum.repos.d/\(name)"
            guard let text = try image.text(path) else { continue }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                line.filter { !$0.isWhitespace } == "enabled=1" ? "enabled=0" : line
            }
            try image.write(lines.joined(separator: "\n"), to: path)
        }
    }

    private func prepareAccounts() throws {
        if let text = try image.text("/etc/passwd"), text.hasPrefix("root:*:") {
            try image.write("root:x:" + text.dropFirst(7), to: "/etc/passwd")
        }
        let skeleton = try image.host("/etc/skel")
        for name in try skeleton.directoryNames()
        where name.printable.hasPrefix(".") && skeleton.joined(name).isRegularFile {
            let place = "/root/\(name.printable)"
            guard !image.exists(place) else { continue }
            try image.install(skeleton.joined(name), as: place, permissions: 0o644)
        }
        let terminals = try image.text("/etc/securetty")
        if let terminals {
            let missing = ["ttyS0", "ttyS1"].filter { !terminals.split(separator: "\n").contains(Substring($0)) }
            if !missing.isEmpty {
                try image.write(terminals + missing.joined(separator: "\n") + "\n", to: "/etc/securetty")
            }
        }
    }

    private func installPostscripts() throws {
        try installNodeScripts()
        if try image.text("/opt/xcat/xcatinfo") == nil { try image.write("", to: "/opt/xcat/xcatinfo") }
        try image.host("/xcatpost").createDirectories()
        guard image.exists("/usr/lib/systemd") || image.exists("/lib/systemd") else { return }
        var units = [("xcatpostinit1.service", ["multi-user.target.wants"])]
        if image.exists("/usr/sbin/sshd") {
            units.append(("catboat-hostkeys.service", ["ssh.service.wants", "sshd.service.wants"]))
        }
        for (unit, wants) in units {
            try image.install(scripts.joined(unit), as: "/etc/systemd/system/\(unit)", permissions: 0o644)
            for want in wants {
                try image.link("/etc/systemd/system/\(want)/\(unit)", to: "/etc/systemd/system/\(unit)")
            }
        }
    }

    /// What runs on the node; scripts of sites call these by name.
    private func installNodeScripts() throws {
        for name in ["xcatdsklspost", "xcatpostinit1"] {
            try image.install(scripts.joined(name), as: "/opt/xcat/\(name)", permissions: 0o755)
        }
        try image.install(scripts.joined("xcatlib.sh"), as: "/opt/xcat/xcatlib.sh", permissions: 0o644)
    }

    // MARK: - Cleaning

    /// Takes out what must not be the same on all nodes (keys, identities, seeds) and what differs from build to build (logs, caches).
    private func clean() throws {
        try AptTraces(folder.tree).allowServices()
        for name in try image.host("/etc/ssh").directoryNames() where name.printable.hasPrefix("ssh_host_") {
            try image.remove("/etc/ssh/\(name.printable)")
        }
        if image.exists("/etc/machine-id") || image.exists("/usr/lib/systemd/systemd")
            || image.exists("/lib/systemd/systemd")
        {
            // Empty: the node makes its own at boot, and it is not taken for a first boot: machine-id(5).
            try image.remove("/etc/machine-id")
            try image.write("", to: "/etc/machine-id", permissions: 0o444)
        }
        if try image.entry("/var/lib/dbus/machine-id").status()?.kind == .regular {
            try image.remove("/var/lib/dbus/machine-id")
        }
        for path in [
            "/var/lib/systemd/random-seed", "/var/lib/systemd/credential.secret", "/var/lib/urandom/random-seed",
            "/var/lib/random-seed",
            "/var/cache/apt/pkgcache.bin", "/var/cache/apt/srcpkgcache.bin", "/var/cache/ldconfig/aux-cache",
            "/var/lib/dpkg/status-old", "/var/lib/dpkg/available-old", "/var/lib/dpkg/diversions-old",
            "/var/lib/dpkg/statoverride-old",
            "/var/cache/debconf/config.dat-old", "/var/cache/debconf/templates.dat-old",
            "/var/cache/debconf/passwords.dat-old",
            "/var/lib/rpm/.rpm.lock", "/usr/lib/sysimage/rpm/.rpm.lock", "/var/lib/zypp/AnonymousUniqueId",
            "/var/lib/zypp/LastDistributionFlavor",
            "/var/lib/zypp/AutoInstalled", "/var/lib/dnf/history.sqlite", "/var/lib/dnf/history.sqlite-shm",
            "/var/lib/dnf/history.sqlite-wal",
        ] {
            try image.remove(path)
        }
        try image.empty("/var/cache/apt/archives", keeping: ["partial"])
        try image.empty("/var/lib/apt/lists", keeping: ["partial"])
        for folder in ["/var/cache/dnf", "/var/cache/yum", "/var/cache/zypp", "/var/cache/libdnf5"] {
            try image.empty(folder)
        }
        try cleanLogs()
    }

    /// Logs of package managers go; others are emptied, because programs expect theirs with its owner and mode.
    private func cleanLogs() throws {
        let folder = try image.host("/var/log")
        guard folder.isDirectory else { return }
        for name in [
            "dpkg.log", "alternatives.log", "bootstrap.log", "fontconfig.log", "dnf.log", "dnf.rpm.log",
            "dnf.librepo.log",
            "hawkey.log", "zypper.log",
        ] {
            try image.remove("/var/log/\(name)")
        }
        for name in ["apt", "journal", "unattended-upgrades", "zypp"] { try image.empty("/var/log/\(name)") }
        try TreeWalk(folder).run { entry in
            guard entry.status.kind == .regular, entry.status.size > 0, entry.status.linkCount == 1 else {
                return .enter
            }
            let file = try FileError.wrap("empty", folder.joined(entry.path)) {
                try FileDescriptor.open(
                    folder.joined(entry.path), .writeOnly, options: [.truncate, .noFollow, .closeOnExec])
            }
            try? file.close()
            return .enter
        }
    }
}
