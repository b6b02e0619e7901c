internal import Definitions
internal import Resolution
internal import Settings
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// `-u`: fills an osimage from its profile, operating system and method.
struct ProfileFilling {
    private let cluster: Cluster

    init(_ cluster: Cluster) { self.cluster = cluster }

    /// Puts what follows from the profile beneath what the command gives.
    /// - Returns: why it cannot; nil when it is done.
    func fill(_ draft: inout ObjectDraft, stored: Definition?) throws -> Diagnostic? {
        guard let profile = draft["profile"] ?? stored?["profile"],
            let provmethod = draft["provmethod"] ?? stored?["provmethod"]
        else { return Diagnostic("The profile and provmethod are all need to be specified.") }
        guard ["install", "netboot", "statelite"].contains(where: { provmethod.contains($0) }) else {
            return Diagnostic(
                "The provmethod: \(provmethod) is incorrect.", remedy: "use install, netboot or statelite")
        }
        let isInstalled = provmethod.contains("install")
        let osvers = draft["osvers"] ?? stored?["osvers"] ?? ownRelease()
        let osarch = draft["osarch"] ?? stored?["osarch"] ?? Self.ownArchitecture(osvers)
        let tree: ProfileFiles.Tree = isInstalled ? .install : .netboot
        let files = try ProfileFiles(profile: profile, osvers: osvers, osarch: osarch, tree: tree, cluster)
        guard files.platform != nil else {
            return Diagnostic(
                "Unable to find /opt/xcat/share/xcat/\(tree.rawValue) directory for \(osvers).",
                remedy: "check osvers, or make \(try cluster.installFolder)/custom/\(tree.rawValue)/\(osvers)")
        }
        let install = try cluster.installFolder
        var derived = [
            "imagetype": "linux", "osname": "Linux", "profile": profile, "provmethod": provmethod, "osvers": osvers,
            "osarch": osarch, "osdistroname": "\(osvers)-\(osarch)", "pkgdir": "\(install)/\(osvers)/\(osarch)",
            "otherpkgdir": "\(install)/post/otherpkgs/\(osvers)/\(osarch)", "pkglist": "", "otherpkglist": "",
            "synclists": "", "template": "", "exlist": "", "postinstall": "",
            "rootimgdir": isInstalled ? "" : "\(install)/netboot/\(osvers)/\(osarch)/\(profile)",
        ]
        for (attribute, value) in files.values { derived[attribute] = value }
        for (attribute, value) in derived.sorted(by: { $0.key < $1.key }) {
            let isForced = attribute == "osdistroname" || attribute == "imagetype"
            if draft[attribute] == nil || isForced { draft.set(attribute, value) }
        }
        return nil
    }

    /// The release of this machine as osvers says it, e.g. `debian12`.
    private func ownRelease() -> String {
        var fields: [String: String] = [:]
        let text = (try? FilePath("/etc/os-release").readText()) ?? ""
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            fields[String(line[..<equals])] = line[line.index(after: equals)...].filter { $0 != "\"" }
        }
        return (fields["ID"] ?? "") + (fields["VERSION_ID"] ?? "")
    }

    private static func ownArchitecture(_ osvers: String) -> String {
        var name = utsname()
        guard uname(&name) == 0 else { return "" }
        let machine = withUnsafeBytes(of: &name.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return osvers.hasPrefix("ubuntu") && machine == "ppc64le" ? "ppc64el" : machine
    }
}
