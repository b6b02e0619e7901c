internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// The image to remove, checked before anything changes.
struct RmimageTarget {
    enum Name {
        case image(String)
        case parts(osver: String, arch: String, profile: String)
    }

    let image: String
    /// rootimgdir on the host.
    let folder: FilePath

    init(_ name: Name, removesDefinition: Bool, _ cluster: Cluster) throws {
        let stored: FilePath
        switch name {
        case .image(let name):
            guard let definition = try cluster.findOsimage(name) else {
                throw Self.failure(
                    "Cannot find image '\(name)' from the osimage table.", "see lsdef -t osimage for the names")
            }
            image = name
            stored = try Self.folder(of: definition, cluster)
        case .parts(let osver, let arch, let profile):
            image = UnnamedImages.name(osver, arch, "netboot", profile)
            let own = FilePath("\(try cluster.installFolder)/netboot/\(osver)/\(arch)/\(profile)")
            stored = try cluster.findOsimage(image)?.rootimgdir(cluster) ?? own
        }
        folder = try cluster.settings.root.host(stored)
        guard folder.isDirectory else {
            throw Self.failure(
                "Image directory \(stored.printable) does not exist",
                removesDefinition ? "remove the definition alone with rmdef -t osimage \(image)" : nil)
        }
        try refuseShared(cluster, stored)
    }

    /// The root image of another osimage is not ours to remove. The diskless and the statelite one of a profile share it.
    private func refuseShared(_ cluster: Cluster, _ stored: FilePath) throws {
        let method = try cluster.findOsimage(image)?.provmethod ?? "netboot"
        let others = try cluster.osimageNames().filter { name in
            guard name != image, let other = try cluster.findOsimage(name), other.provmethod == method,
                let folder = try other.rootimgdir(cluster)
            else { return false }
            return try cluster.settings.root.host(folder) == self.folder
        }
        guard others.isEmpty else {
            throw Self.failure(
                "'\(stored.printable)' is also the root image of \(others.joined(separator: ", "))",
                "give one of them another rootimgdir, or remove the definition alone with rmdef -t osimage \(image)")
        }
    }

    /// What the definition lacks is taken from its name, `OS-ARCH-METHOD-PROFILE`.
    private static func folder(of definition: Osimage, _ cluster: Cluster) throws -> FilePath {
        let name = definition.name
        let parts = name.wholeMatch(of: /(.+)-([^-]+)-(netboot|statelite|install|raw|sysclone)-(.+)/)?.output
        let method = definition.provmethod ?? parts.map { String($0.3) }
        guard ["netboot", "statelite", "raw", "sysclone"].contains(method) else {
            throw failure(
                "'\(name)' has no root image. Make sure osimage.provmethod is 'netboot', 'statelite', 'raw' or 'sysclone'.",
                "see lsdef -t osimage \(name); rmdef -t osimage \(name) removes the definition alone")
        }
        if let folder = try definition.rootimgdir(cluster) { return folder }
        guard let osver = definition.osvers ?? parts.map({ String($0.1) }),
            let arch = definition.osarch ?? parts.map({ String($0.2) }),
            let profile = definition.profile ?? parts.map({ String($0.4) })
        else {
            throw failure(
                "osimage has no rootimgdir: '\(name)'", "set it with chdef -t osimage \(name) rootimgdir=DIR")
        }
        return FilePath("\(try cluster.installFolder)/netboot/\(osver)/\(arch)/\(profile)")
    }

    private static func failure(_ problem: String, _ remedy: String?) -> CommandFailure {
        CommandFailure([Diagnostic(problem, remedy: remedy)])
    }
}
