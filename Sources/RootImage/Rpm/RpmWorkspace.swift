internal import Profiles
internal import Sandbox
internal import Support
internal import SystemPackage

/// What dnf, zypper and rpm need for one run: repositories, keys, macros and downloads, in a temporary folder of rootimgdir.
///
/// Neither the host's nor the image's configuration plays a part.
struct RpmWorkspace: Sendable {
    let folder: FilePath
    /// As RPM calls it.
    let architecture: String
    let repositories: [RpmRepository]
    let family: PackageFamily
    let settings: PackageSettings
    /// Folders in the order in which the build sees them: `/run/catboat/media/1`, `2`, …
    let media: [FilePath]
    let keys: RpmKeys

    /// Where the build sees the folder, on both sides of the image's root.
    static let place = FilePath("/run/catboat/packages")
    /// An empty tree, for runs that need no image.
    var emptyTree: FilePath { folder.joined("empty") }
    var needsNetwork: Bool { repositories.contains { $0.top == nil } }

    init(
        _ folder: FilePath, architecture: String, repositories: [RpmRepository], keyrings: [FilePath],
        _ family: PackageFamily, _ settings: PackageSettings
    ) throws {
        self.folder = folder
        self.architecture = architecture
        self.repositories = repositories
        self.family = family
        self.settings = settings
        var media: [FilePath] = []
        for top in repositories.compactMap(\.top) where !media.contains(top) { media.append(top) }
        self.media = media
        keys = RpmKeys(site: keyrings, media: media)
        try emptyTree.createDirectories()
        try AtomicFile.write(Self.guardScript.utf8, to: folder.joined("guard"))
    }

    /// Unless asked: what dnf does, and xCAT with it; xCAT told zypper not to.
    var installsRecommends: Bool { settings.installsRecommends ?? (family.manager == .dnf) }

    /// Runs what changes no image: its words are no one's business later.
    var planner: PackageProgram {
        PackageProgram(logFile: folder.joined("plan.log"), isInteractive: false, progressMark: "", keepsLog: false)
    }

    /// RPM's name of an architecture.
    static func architecture(_ name: String) throws(PackageError) -> String {
        switch name {
        case "x86_64", "amd64": "x86_64"
        case "x86", "i386", "i486", "i586", "i686": "i686"
        case "aarch64", "arm64": "aarch64"
        case "ppc64le", "ppc64el": "ppc64le"
        case "ppc64", "s390x", "riscv64": name
        default: throw .unsupportedArchitecture(name)
        }
    }

    /// Programs by which package scripts would build an initramfs.
    private static let builders = ["dracut", "mkinitrd"]

    /// For scripts that call these by their full path: bash reads this first (`BASH_ENV`).
    private static var guardScript: String {
        "case $0 in \(builders.map { "*/\($0)" }.joined(separator: " | "))) exit 0 ;; esac\n"
    }

    /// Macros of rpm(8), where it looks for them: `HOME` is the workspace.
    ///
    /// - Parameter database: its place in the tree.
    func writeMacros(database: FilePath) throws {
        let text = """
            %_dbpath \(database.printable)
            %_install_script_path /run/catboat/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
            %_netsharedpath /proc:/sys
            %__transaction_systemd_inhibit %{nil}

            """
        // /proc and /sys: what is mounted there belongs to the kernel, and the package of the folders would change it.
        try AtomicFile.write(text.utf8, to: folder.joined(".rpmmacros"))
    }

    func sandbox(_ tree: FilePath, _ passVariables: [String: String] = [:], view: ImageSandbox.View = .around)
        -> ImageSandbox
    {
        var sandbox = ImageSandbox(
            packagesOf: tree, view: view, settings, passVariables: passVariables, allowsNetwork: needsNetwork,
            media: media, stubs: Self.builders)
        sandbox.writableFolders = [Self.place.lastName.printable: folder]
        sandbox.environment["HOME"] = Word(Self.place)
        sandbox.environment["BASH_ENV"] = Word(Self.place.joined("guard"))
        // kernel-install(8) prepares a boot loader and an initramfs; a diskless node has no use for either.
        sandbox.environment["KERNEL_INSTALL_BYPASS"] = "1"
        return sandbox
    }

    /// The address under which the build sees a repository.
    func address(of repository: RpmRepository) -> String {
        switch repository.place {
        case .url(let url): return url
        case .folder(let top, let below):
            let number = (media.firstIndex(of: top) ?? 0) + 1
            let path = ImageSandbox.mediaFolder.joined("\(number)").joined(below)
            return "file://" + Self.percentEncoded(path.bytes)
        }
    }

    /// RFC 3986: everything but unreserved characters and the slash.
    private static func percentEncoded(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF")
        return bytes.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x2f, 0x5f, 0x7e:
                String(UnicodeScalar(byte))
            default: "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }.joined()
    }

    /// A path as the build sees it, on the host.
    func hostFile(_ seen: String) -> String {
        let path = FilePath(seen)
        for (index, top) in media.enumerated() {
            let mounted = ImageSandbox.mediaFolder.joined("\(index + 1)")
            if path.starts(with: mounted) { return top.joined(Self.rest(of: path, below: mounted)).printable }
        }
        return path.starts(with: Self.place) ? folder.joined(Self.rest(of: path, below: Self.place)).printable : seen
    }

    private static func rest(of path: FilePath, below folder: FilePath) -> FilePath {
        FilePath(root: nil, path.components.dropFirst(folder.components.count))
    }

    /// The place of the repository whose name stands in `text`.
    func place(namedIn text: String) -> String {
        let order = repositories.indices.reversed()
        let found =
            order.first { text.contains("'\(Self.identifier($0))'") }
            ?? order.first { text.contains(Self.identifier($0)) }
        return found.map { repositories[$0].shown } ?? "pkgdir"
    }

    static func identifier(_ index: Int) -> String { "catboat-\(index + 1)" }

    /// `text` with our names of repositories replaced by the places that people know.
    func readable(_ text: String) -> String {
        var result = text
        for (index, repository) in repositories.enumerated().reversed() {
            result = result.replacing(Self.identifier(index), with: repository.shown)
        }
        for (index, top) in media.enumerated().reversed() {
            result = result.replacing("\(ImageSandbox.mediaFolder.printable)/\(index + 1)", with: top.printable)
        }
        return result
    }

    /// Requests whose names stand in `text`.
    func requests(in text: String) -> [PackageRequest] {
        settings.requests.filter { request in
            guard request.operation == .install else { return false }
            return text.ranges(of: request.name).contains { range in
                !Self.isOfName(text[..<range.lowerBound].last) && !Self.continuesName(text[range.upperBound...])
            }
        }
    }

    private static func isOfName(_ character: Character?) -> Bool {
        character.map { $0.isLetter || $0.isNumber || "-_+".contains($0) } ?? false
    }

    /// Behind a name may stand a version: a dash and a digit.
    private static func continuesName(_ rest: Substring) -> Bool {
        guard let first = rest.first, isOfName(first) else { return false }
        return !(first == "-" && rest.dropFirst().first?.isNumber == true)
    }

    /// Version and release of the kernel that was asked for, as its packages have it.
    var kernelRelease: String? {
        if let given = settings.kernelPackageVersion { return given }
        guard let version = settings.kernelVersion else { return nil }
        let suffix = ".\(architecture)"
        return version.hasSuffix(suffix) ? String(version.dropLast(suffix.count)) : version
    }

    /// Names of packages that come in the kernel's own version.
    static let kernelPackages = [
        "kernel", "kernel-core", "kernel-modules", "kernel-modules-core", "kernel-modules-extra", "kernel-devel",
        "kernel-headers", "kernel-bootwrapper", "kernel-tools", "kernel-tools-libs", "kernel-default",
        "kernel-default-base", "kernel-default-devel", "kernel-default-extra",
    ]
}
