internal import Digests
public import Support
public import SystemPackage

/// What a root image gets just before it is packed: the site's postscripts, time zone and root password, and its identity.
public struct PackStage {
    public struct Options: Sendable {
        /// Name of the osimage, for xcatinfo.
        public var image = ""
        /// Commit of the image's recipe; part of the image's UUID.
        public var recipe = ""
        /// Seconds since 1970 that xcatinfo gives as the image's time.
        public var time: Int64 = 0
        /// A folder whose contents become `/xcatpost`; nil empties it.
        public var postscripts: FilePath?
        /// Name of the zone below `/usr/share/zoneinfo`; nil leaves the image's own.
        public var timezone: String?
        /// Second field of root's line in `/etc/shadow`; nil leaves the image's own.
        public var rootHash: String?

        public init() {}
    }

    private let folder: ImageFolder
    private let image: ImageTree

    public init(_ folder: ImageFolder) {
        self.folder = folder
        image = ImageTree(folder.tree)
    }

    /// Changes the tree and lists what it holds then.
    ///
    /// The listing leaves out `/opt/xcat/xcatinfo`, which names the digest of all the rest. Doing it twice changes nothing.
    public func run(_ options: Options) throws -> TreeListing {
        try copyPostscripts(options.postscripts)
        try HandChanges.adopting(["etc/localtime", "etc/shadow"], in: folder) {
            if let zone = options.timezone { try setTimezone(zone) }
            if let hash = options.rootHash { try setRootPassword(hash) }
        }
        let listing = try TreeListing(folder.tree, leavingOut: ["opt/xcat/xcatinfo"])
        try writeIdentity(options, listing.digest)
        return listing
    }

    private func copyPostscripts(_ source: FilePath?) throws {
        try image.remove("/xcatpost")
        try image.host("/xcatpost").createDirectories()
        guard let source, source.isDirectory else { return }
        try TreeCopy(source, to: image.host("/xcatpost")).run()
    }

    private func setTimezone(_ zone: String) throws {
        guard !zone.hasPrefix("/"), !zone.split(separator: "/").contains(".."),
            image.exists("/usr/share/zoneinfo/\(zone)")
        else { throw PackStageError.noTimezone(zone) }
        let target = "../usr/share/zoneinfo/\(zone)"
        let place = try image.entry("/etc/localtime")
        if let status = try place.status(), status.kind != .symbolicLink { try place.removeTree() }
        try image.link("/etc/localtime", to: target)
    }

    /// root comes first, other accounts stay as they are.
    private func setRootPassword(_ hash: String) throws {
        guard !hash.utf8.contains(where: { $0 <= 0x20 || $0 == 0x3a || $0 >= 0x7f }) else {
            throw PackStageError.badHash
        }
        let line = "root:\(hash):13880:0:99999:7:::"
        let others = (try image.text("/etc/shadow") ?? "").split(separator: "\n").filter { !$0.hasPrefix("root:") }
        let file = try image.host("/etc/shadow")
        let permissions = try file.status()?.permissions ?? 0o600
        let owner = try file.status()
        try image.write(
            ([Substring(line)] + others).joined(separator: "\n") + "\n", to: "/etc/shadow", permissions: permissions)
        if let owner { try file.changeOwner(owner.owner, owner.group) }
    }

    private func writeIdentity(_ options: Options, _ digest: Digest) throws {
        let name = [options.image, options.recipe, digest.description].joined(separator: "\n")
        let namespace = NameUUID("catboat.invalid".utf8, namespace: .dns)
        let own = ["IMAGENAME", "IMAGEUUID", "TIMESTAMP"]
        let kept = (try image.text("/opt/xcat/xcatinfo") ?? "").split(separator: "\n").filter { line in
            !own.contains { line.hasPrefix("\($0)=") }
        }
        let lines = [
            "IMAGENAME='\(options.image)'", "IMAGEUUID='\(NameUUID(name.utf8, namespace: namespace))'",
            "TIMESTAMP='\(options.time)'",
        ]
        try image.write((kept.map(String.init) + lines).joined(separator: "\n") + "\n", to: "/opt/xcat/xcatinfo")
    }
}

/// What keeps an image from being made ready.
public enum PackStageError: Diagnosable, Equatable {
    case noTimezone(String)
    case badHash
    case badName(String)

    public var diagnostic: Diagnostic {
        switch self {
        case .noTimezone(let zone):
            Diagnostic(
                "time zone is not in the image", subject: zone,
                remedy: "add tzdata to the package list, or correct timezone in the site table")
        case .badHash: Diagnostic("not a password hash for /etc/shadow", remedy: "give one as crypt(5) describes it")
        case .badName(let name):
            Diagnostic(
                "not a name for an image", subject: name, remedy: "use one without quotes and control characters")
        }
    }
}
