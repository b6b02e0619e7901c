internal import Support
public import SystemPackage

/// Finds the files of a profile (package lists, exclude lists, templates, scripts) for an operating system.
///
/// The site's folder `<installdir>/custom/{install,netboot}/<platform>` is searched completely before the shipped
/// one, so that any file of the site beats any shipped file. All paths are as stored in the tables; `host` says
/// where such a path is.
public struct ProfileSearch: Sendable {
    /// The two trees of profile files.
    public enum Tree: String, Sendable { case install, netboot }

    public enum Kind: String, Sendable, CaseIterable {
        case template = "tmpl"
        case pkglist
        case otherpkglist = "otherpkgs.pkglist"
        case exlist
        case captureExlist = "imgcapture.exlist"
        case synclist
        /// A script: found only when it is executable.
        case postinstall
    }

    /// What a file is looked up for.
    public struct Subject: Hashable, Sendable {
        public var profile: String
        public var name: OSName
        /// As in osarch: `x86_64`.
        public var arch: String
        /// Ubuntu 20.04 media with the old installer: its install files are not those of subiquity.
        public var isLegacy: Bool

        public init(profile: String, osvers: String, arch: String, isLegacy: Bool = false) {
            self.profile = profile
            name = OSName(osvers)
            self.arch = arch
            self.isLegacy = isLegacy
        }
    }

    /// Which order of names applies.
    public enum Order: Sendable {
        /// What copycds and liteimg search by: a file for the release beats one for the architecture.
        case byRelease
        /// What genimage without an image name searches by: a file for the architecture beats one for the release.
        case byArchitecture
    }

    private let installFolder: FilePath
    private let shareFolder: FilePath
    private let host: @Sendable (FilePath) -> FilePath?

    /// - Parameters:
    ///   - installFolder: site.installdir as stored, usually `/install`.
    ///   - shareFolder: the shipped files, as stored.
    ///   - host: the host's path of a stored one; nil when it leads nowhere.
    public init(
        installFolder: FilePath, shareFolder: FilePath = "/opt/xcat/share/xcat",
        host: @escaping @Sendable (FilePath) -> FilePath?
    ) {
        self.installFolder = installFolder
        self.shareFolder = shareFolder
        self.host = host
    }

    /// The name of the folder for this release: the release's name, shortened from its end until there is such a folder
    /// among the shipped ones; for a distribution that has none, among the site's. openSUSE Leap 15 has that of SLES.
    public func platform(of name: OSName, in tree: Tree) -> String? {
        let text = name.text.hasPrefix("leap15") ? "sles" : name.text
        guard !text.contains("/") else { return nil }
        let names = (0..<text.count).map { String(text.dropLast($0)) }.filter { $0 != "." && $0 != ".." }
        for folder in [shareFolder, installFolder.joined("custom")].map({ $0.joined(tree.rawValue) }) {
            if let found = names.first(where: { host(folder.joined($0))?.isDirectory == true }) { return found }
        }
        return nil
    }

    /// The site's folder, then the shipped one.
    public func folders(for name: OSName, in tree: Tree) -> [FilePath] {
        guard let platform = platform(of: name, in: tree) else { return [] }
        return [installFolder.joined("custom"), shareFolder].map { $0.joined(tree.rawValue).joined(platform) }
    }

    /// The file of this kind that applies, as stored; nil when there is none.
    public func file(
        _ kind: Kind, in tree: Tree, for subject: Subject, order: Order = .byRelease
    ) -> FilePath? {
        files([kind], in: tree, for: subject, order: order)[kind]
    }

    /// The files of these kinds that apply, as stored; folders are read once.
    public func files(
        _ kinds: [Kind], in tree: Tree, for subject: Subject, order: Order = .byRelease
    ) -> [Kind: FilePath] {
        let folders = listed(folders(for: subject.name, in: tree))
        var found: [Kind: FilePath] = [:]
        for kind in kinds {
            found[kind] =
                kind == .synclist
                ? synclist(for: subject)
                : first(of: Self.candidates(kind, in: tree, for: subject, order: order), kind, in: folders)
        }
        return found
    }

    /// Synclists are the site's only, and those of netboot images serve installed nodes too.
    private func synclist(for subject: Subject) -> FilePath? {
        let custom = installFolder.joined("custom/netboot")
        var folders = [custom.joined(Self.synclistPlatform(of: subject.name))]
        // xCAT looks for the synclists of these releases in the folder above.
        if ["ol", "sle15", "leap15"].contains(where: { subject.name.text.hasPrefix($0) }) { folders.append(custom) }
        return first(
            of: Self.candidates(.synclist, in: .netboot, for: subject, order: .byRelease), .synclist,
            in: listed(folders))
    }

    static func synclistPlatform(of name: OSName) -> String {
        for platform in ["rh", "centos", "alma", "rocky", "fedora", "SL", "ubuntu", "debian", "ol"]
        where name.text.hasPrefix(platform) {
            return platform
        }
        return name.text.hasPrefix("win") ? "windows" : "sles"
    }

    private func first(
        of names: [String], _ kind: Kind, in folders: [(folder: FilePath, present: Set<String>)]
    ) -> FilePath? {
        for (folder, present) in folders {
            for name in names.map({ "\($0).\(kind.rawValue)" }) where present.contains(name) {
                let stored = folder.joined(name)
                guard let path = host(stored), path.isRegularFile else { continue }
                if kind == .postinstall, !isExecutable(path) { continue }
                return stored
            }
        }
        return nil
    }

    /// The folders that there are with the names in them: one listing instead of a look for each of up to some hundred names.
    private func listed(_ folders: [FilePath]) -> [(folder: FilePath, present: Set<String>)] {
        folders.compactMap { folder in
            host(folder).flatMap { try? $0.directoryNames() }.map { (folder, Set($0.map(\.printable))) }
        }
    }

    private func isExecutable(_ path: FilePath) -> Bool {
        ((try? path.targetStatus()) ?? nil).map { $0.permissions & 0o111 != 0 } ?? false
    }

    /// Names of profiles that have a file of `kind` fitting this release, sorted: those that copycds makes osimages for.
    public func profiles(_ kind: Kind, in tree: Tree, named known: [String], for subject: Subject) -> [String] {
        let releases = Self.releases(for: subject, in: tree)
        let suffixes = Set(
            ["", ".\(subject.arch)"] + releases.flatMap { [".\($0)", ".\($0).\(subject.arch)"] })
        let found = listed(folders(for: subject.name, in: tree)).flatMap { _, present in
            known.filter { profile in
                suffixes.contains { present.contains("\(profile)\($0).\(kind.rawValue)") }
            }
        }
        return Set(found).sorted()
    }
}
