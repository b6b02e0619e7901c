internal import Digests
internal import Profiles
internal import Support
internal import SystemPackage

/// Apt's own configuration, sources, keys, indexes and downloads for one run, in a temporary folder of rootimgdir.
///
/// Neither the host's nor the image's apt configuration plays a part.
struct AptWorkspace {
    let folder: FilePath
    let architecture: String
    let repositories: [AptRepository]
    /// Folders in the order in which the build sees them: `/run/catboat/media/1`, `2`, …
    let media: [FilePath]

    /// Where the build sees the folder, on both sides of the image's root.
    static let place = FilePath("/run/catboat/apt")
    private var keyFolder: FilePath { folder.joined("etc/trusted.gpg.d") }
    /// An empty tree, for runs that need the media but no image.
    var emptyTree: FilePath { folder.joined("empty") }
    var needsNetwork: Bool { repositories.contains { $0.folder == nil } }

    /// - Parameter keyrings: files (or folders of files) that are trusted besides the host's archive keyrings.
    init(
        _ folder: FilePath, architecture: String, repositories: [AptRepository], keyrings: [FilePath],
        _ settings: PackageSettings
    ) throws {
        self.folder = folder
        self.architecture = architecture
        self.repositories = repositories
        var media: [FilePath] = []
        for path in repositories.compactMap(\.folder) where !media.contains(path) { media.append(path) }
        self.media = media
        for name in [
            "lists/partial", "archives/partial", "etc/preferences.d", "etc/trusted.gpg.d", "empty", "generated",
        ] {
            try folder.joined(name).createDirectories()
        }
        let chosen = Self.preferences(settings.requests)
        // The version of an earlier build, or of a list, may be an older one.
        let downgrades = "APT::Get::Allow-Downgrades \"\(settings.locked != nil || !chosen.isEmpty)\";\n"
        try write(
            configuration(installsRecommends: settings.installsRecommends ?? false) + downgrades,
            to: folder.joined("apt.conf"))
        if let kernelVersion = settings.kernelVersion {
            try write(Self.preferences(kernelVersion), to: folder.joined("etc/preferences.d/kernel"))
        }
        if !chosen.isEmpty { try write(chosen, to: folder.joined("etc/preferences.d/chosen")) }
        if let locked = settings.locked {
            try write(locked.preferences, to: folder.joined("etc/preferences.d").joined(Self.lockName))
        }
        try copyKeys(keyrings)
        try write(try sources(), to: folder.joined("etc/sources.list"))
    }

    private func write(_ text: String, to file: FilePath) throws {
        try AtomicFile.write(text.utf8, to: file)
    }

    private func configuration(installsRecommends: Bool) -> String {
        let place = Self.place.printable
        return """
            Dir "\(place)/";
            Dir::Etc "\(place)/etc/";
            Dir::Etc::main "/dev/null";
            Dir::Etc::parts "/dev/null";
            Dir::Etc::sourceparts "/dev/null";
            Dir::State "\(place)/";
            Dir::State::lists "\(place)/lists/";
            Dir::Cache "\(place)/";
            Dir::Cache::archives "\(place)/archives/";
            Dir::Log "\(place)/";
            Dir::Log::Terminal "";
            Dir::Log::History "";
            Dir::Log::Planner "";
            Dir::Bin::methods "/usr/lib/apt/methods";
            Dir::Bin::dpkg "/usr/bin/dpkg";
            APT::Architecture "\(architecture)";
            APT::Architectures { "\(architecture)"; };
            APT::Install-Recommends "\(installsRecommends)";
            APT::Install-Suggests "false";
            APT::AutoRemove::RecommendsImportant "false";
            APT::AutoRemove::SuggestsImportant "false";
            APT::Get::List-Cleanup "false";
            \(needsNetwork ? "" : "APT::Sandbox::User \"root\";")
            Acquire::Languages "none";
            Acquire::Check-Valid-Until "\(needsNetwork)";
            Acquire::Retries "3";
            DPkg::Use-Pty "false";
            DPkg::Options { "--force-confdef"; "--force-confold"; "--force-unsafe-io"; };
            DPkg::Path "\(Self.programPath)";

            """
    }

    /// Name of the file of preferences(5) that holds the versions of an earlier build.
    static let lockName = "catboat-locked"

    static let programPath = "/run/catboat/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// With a chosen kernel no upgrade may bring another one: the first pin that names a package counts.
    private static func preferences(_ kernelVersion: String) -> String {
        """
        Package: linux-*\(kernelVersion)
        Pin: release *
        Pin-Priority: 500

        Package: linux-image-*
        Pin: release *
        Pin-Priority: -1

        """
    }

    /// A version that a list asks for stays when other packages are upgraded.
    private static func preferences(_ requests: [PackageRequest]) -> String {
        requests.filter { $0.operation == .install }.compactMap { request in
            let parts = request.name.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            return "Package: \(parts[0])\nPin: version \(parts[1])\nPin-Priority: 1000\n\n"
        }.joined()
    }

    /// Lines of sources.list(5). A local repository without a signature is trusted because an administrator put it there: copycds has
    /// checked a medium against its own checksums. A signature that is there must be good, and URLs need one.
    private func sources() throws -> String {
        var lines: [String] = []
        for repository in repositories {
            let number = repository.folder.flatMap { media.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
            let place = "file:///run/catboat/media/\(number)"
            switch repository {
            case .archive(_, let suite, let components, let isSigned):
                lines.append(
                    "deb \(isSigned ? "" : "[trusted=yes] ")\(place) \(suite) \(components.joined(separator: " "))")
            case .flat(_, let isSigned): lines.append("deb \(isSigned ? "" : "[trusted=yes] ")\(place) ./")
            case .packages(let origin, let debs):
                let index = folder.joined("generated/\(number)")
                try index.createDirectories()
                try index.joined("media").createSymbolicLink(to: FilePath("/run/catboat/media/\(number)"))
                try DebIndex(origin, debs).write(to: index.joined("Packages"), prefix: "media")
                lines.append("deb [trusted=yes] file://\(Self.place.printable)/generated/\(number) ./")
            case .url(let line): lines.append("deb \(line)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Keys of distributions that the host trusts, and the given ones.
    private func copyKeys(_ keyrings: [FilePath]) throws {
        var files: [FilePath] = []
        let system = FilePath("/usr/share/keyrings")
        for name in try system.directoryNames()
        where name.printable.contains("-archive-") && !name.printable.contains("removed") {
            files.append(system.joined(name))
        }
        for keyring in ["/etc/apt/trusted.gpg.d"] + keyrings {
            if keyring.isDirectory {
                files += try keyring.directoryNames().map { keyring.joined($0) }
            } else {
                files.append(keyring)
            }
        }
        for (index, file) in files.enumerated() where file.isRegularFile {
            let bytes = try file.readBytes()
            // Apt takes the form from the name's ending, people do not.
            let isArmored = bytes.starts(with: "-----BEGIN".utf8)
            try AtomicFile.write(bytes, to: keyFolder.joined("\(1000 + index).\(isArmored ? "asc" : "gpg")"))
        }
    }
}
