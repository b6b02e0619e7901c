public import Definitions
internal import Profiles
internal import Settings
internal import Support
internal import SystemPackage

/// What an osimage is taken to have where its definition says nothing: folders by convention, files of its profile.
public struct OsimageDefaults {
    private let image: Osimage
    private let cluster: Cluster

    public init(_ image: Osimage, _ cluster: Cluster) {
        self.image = image
        self.cluster = cluster
    }

    /// Attributes and values, as stored paths; also those that the definition does say. Files that do not exist are left out.
    public func values() throws -> [(attribute: String, value: String)] {
        guard image.imagetype == nil || image.imagetype == "linux" else { return [] }
        var result: [(String, String)] = [("permission", "755")]
        let isInstalled = image.provmethod == "install"
        if !isInstalled, let folder = try image.rootimgdir(cluster) {
            result.append(("rootimgdir", folder.printable))
        }
        for (attribute, paths) in [
            ("pkgdir", try image.pkgdirs(cluster)), ("otherpkgdir", try image.otherpkgdirs(cluster)),
        ] where !paths.isEmpty {
            result.append((attribute, paths.joined(separator: ",")))
        }
        guard let profile = image.profile, let osvers = image.osvers, let osarch = image.osarch else { return result }
        let files = try ProfileFiles(
            profile: profile, osvers: osvers, osarch: osarch, tree: isInstalled ? .install : .netboot, cluster)
        return result + files.values
    }
}

/// The files of one profile that are found for an operating system, under the attributes that name them.
public struct ProfileFiles {
    public enum Tree: String, Sendable { case install, netboot }

    /// Attribute and stored path of each file that exists.
    public let values: [(attribute: String, value: String)]
    /// Name of the folder for this operating system, e.g. `rh`; nil when there is none.
    public let platform: String?

    public init(profile: String, osvers: String, osarch: String, tree: Tree, _ cluster: Cluster) throws {
        let settings = cluster.settings
        let search = ProfileSearch(installFolder: try cluster.installFolder) { try? settings.host($0) }
        let subject = ProfileSearch.Subject(profile: profile, osvers: osvers, arch: osarch)
        let kinds: [(String, ProfileSearch.Kind)] =
            [("pkglist", .pkglist), ("otherpkglist", .otherpkglist), ("synclists", .synclist)]
            + (tree == .install ? [("template", .template)] : [("exlist", .exlist), ("postinstall", .postinstall)])
        let place: ProfileSearch.Tree = tree == .install ? .install : .netboot
        let files = search.files(kinds.map(\.1), in: place, for: subject)
        values = kinds.compactMap { attribute, kind in files[kind].map { (attribute, $0.printable) } }
        platform = search.platform(of: subject.name, in: place)
    }
}
