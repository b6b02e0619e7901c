internal import Definitions
internal import Hooks
internal import Settings
internal import Support
internal import SystemPackage

/// Where files of a bundle may go.
///
/// Every path is looked at twice: as it is written, and as the links on its way make it.
struct ImportBoundary {
    /// A folder as stored and where it really is.
    private struct Place {
        var stored: FilePath
        var real: FilePath

        init(_ stored: FilePath, _ places: RealPlaces) throws {
            (self.stored, real) = (stored, try places.folder(stored))
        }

        init(_ path: FilePath) { (stored, real) = (path, path) }

        /// Whether it is `plain`, which really is `real`, or lies below it.
        func isBelow(_ plain: FilePath, _ real: FilePath) -> Bool {
            stored.starts(with: plain) || self.real.starts(with: real)
        }
    }

    private let settings: Settings
    private let places: RealPlaces
    private let roots: [Place]
    private let closed: [Place]
    private let hooks: Place
    private let postscripts: Place
    private let prescripts: Place
    private let drivers: Place
    private let netboot: Place
    private let custom: Place
    /// Folders on which all of this depends: nothing takes the place of one, or of a folder that holds one.
    private var pillars: [Place] { closed + roots + [custom, hooks, postscripts, prescripts] }
    /// Files and folders that Catboat believes, wherever they are.
    private static let reserved: Set = [".packed", ".import", ".catboat"]
    /// Others that it believes beside a root image.
    private static let states: Set = [
        ".lock", ".state", ".stage", ".listing", ".changes", ".locked", ".populate.log", ".initrd.json", ".initrd.log",
    ]
    private struct RootImage {
        var image: String
        var provmethod: String
        /// What a diskless and a statelite image have in common that share a folder.
        var kind: [String]
        var place: Place
        /// Whether there is something of it.
        var isBuilt: Bool
    }

    /// Folders of the root images that are defined here.
    private let rootImages: [RootImage]
    private let allowsOutside: Bool

    init(_ cluster: Cluster, _ places: RealPlaces, allowsOutside: Bool) throws {
        let settings = cluster.settings
        let (install, tftp) = (try cluster.installFolder, try cluster.tftpFolder)
        roots = try [install, tftp].map { try Place($0, places) }
        // What decides whom Catboat trusts and what it runs, its own files, and what nodes load.
        let custom = install.joined("custom")
        let signers = try settings.configuration(installFolder: install)["bundle.allowedSigners"]
        closed = try
            ([
                custom.joined(".git"), custom.joined("config"), custom.joined("keys"), custom.joined("osimage"),
                install.joined(".catboat"), tftp.joined("xcat"), "/etc/catboat",
            ] + [signers].compactMap { $0 }.map { FilePath("/").joined(FilePath($0)) }).map { try Place($0, places) }
        hooks = try Place(custom.joined("hooks"), places)
        postscripts = try Place(install.joined("postscripts"), places)
        prescripts = try Place(install.joined("prescripts"), places)
        // A link that leads nowhere is no matter of an image that has nothing to do with it.
        netboot = (try? Place(install.joined("netboot"), places)) ?? Place(install.joined("netboot"))
        drivers = try Place(install.joined("driverdisk"), places)
        self.custom = try Place(custom, places)
        let tops = roots
        rootImages = try cluster.osimageNames().compactMap { name in
            guard let osimage = try cluster.findOsimage(name), osimage["provmethod"] != "install",
                let folder = try osimage.rootimgdir(cluster),
                folder.isAbsolute,
                let place = try? Place(FilePath("/").joined(folder), places),
                // One that is all of the site would close everything.
                !tops.contains(where: { $0.real.starts(with: place.real) })
            else { return nil }
            let kind = ["osvers", "osarch", "profile"].map { osimage[$0] ?? "" }
            let parts =
                ["rootimg", "kernel", "initrd-stateless.gz", "initrd-statelite.gz", ".packed"] + PackedRoot.names
            return RootImage(
                image: name, provmethod: osimage["provmethod"] ?? "", kind: kind, place: place,
                isBuilt: parts.contains { place.real.joined(FilePath($0)).exists })
        }
        (self.settings, self.places) = (settings, places)
        self.allowsOutside = allowsOutside
    }

    /// A path of the manifest, checked.
    /// - Parameter image: the image whose hook it may be.
    /// - Throws: when it is not absolute, climbs, or leads where bundles must not write.
    func checked(_ text: String, image: String? = nil) throws -> FilePath {
        let path = FilePath(text)
        guard path.isAbsolute, !path.components.contains(where: { $0.kind != .regular }), path != "/" else {
            throw ImportRequest.failure("The bundle names a path that is not plain: '\(text)'", "do not import it")
        }
        // Without doubled slashes.
        let plain = FilePath("/").joined(path)
        if closed.contains(where: { plain.starts(with: $0.stored) }) || Self.isReserved(plain) {
            throw Self.refusal(plain)
        }
        guard allowsOutside || roots.contains(where: { plain.starts(with: $0.stored) && plain != $0.stored }) else {
            throw Self.outside("'\(plain.printable)'")
        }
        let real = try real(plain)
        if closed.contains(where: { real.starts(with: $0.real) }) || Self.isReserved(settings.root.stored(real)) {
            throw Self.refusal(plain)
        }
        guard allowsOutside || roots.contains(where: { real.starts(with: $0.real) && real != $0.real }) else {
            let place = settings.root.stored(real).printable
            throw Self.outside("'\(plain.printable)', which a symbolic link makes '\(place)'")
        }
        for (path, folder) in [(plain, hooks.stored), (real, hooks.real)] where path.starts(with: folder) {
            var rest = path
            guard rest.removePrefix(folder), Self.isImageHook(rest, of: image) else { throw Self.refusal(plain) }
        }
        return plain
    }

    /// The same for a file that is no part of a root image: none is touched by it, but what lies beside `own`'s tree.
    /// - Parameter own: folders of the image's own root image.
    func checkedFile(_ text: String, image: String, own: [FilePath]) throws -> FilePath {
        let trees = try own.map { try Place($0.joined("rootimg"), places) }
        let owned = try own.map { try Place($0, places) }
        let shared = Set(owned.map(\.real))
        let others = rootImages.filter { $0.image != image && !shared.contains($0.place.real) }
        let barred = trees + others.map(\.place)
        // As it is written first: in there links lead anywhere.
        let written = FilePath("/").joined(FilePath(text))
        guard !barred.contains(where: { written.starts(with: $0.stored) }) else { throw Self.refusal(written) }
        let plain = try checked(text, image: image)
        let real = try real(plain)
        guard !barred.contains(where: { real.starts(with: $0.real) }) else { throw Self.refusal(plain) }
        guard !(pillars + rootImages.map(\.place) + owned).contains(where: { $0.isBelow(plain, real) }) else {
            throw Self.refusal(plain)
        }
        guard !isOfRootImage(plain, real, owned: owned) else { throw Self.refusal(plain) }
        return plain
    }

    /// The same for a folder that goes into place as a whole, and takes what is there out of its place.
    /// - Parameter names: of what is in it.
    func checkedTree(
        _ text: String, image: String, own: [FilePath], names: some Sequence<[UInt8]>
    ) throws -> FilePath {
        let plain = try checkedFile(text, image: image, own: own)
        guard codeKind(plain) == nil else { throw Self.refusal(plain) }
        let real = try real(plain)
        for name in names.map({ FilePath(bytes: $0) }) {
            guard !Self.isReserved(name), !isOfRootImage(plain.joined(name), real.joined(name), owned: []) else {
                throw Self.refusal(plain.joined(name))
            }
        }
        return plain
    }

    /// The same for the folder of a root image.
    func checkedRootFolder(_ text: String, image: String) throws {
        let plain = try checked(text)
        let real = try real(plain)
        // A root image within another one would be believed to be one of the site.
        guard !plain.components.contains("rootimg"), !real.components.contains("rootimg"), codeKind(plain) == nil,
            !plain.starts(with: custom.stored), !real.starts(with: custom.real)
        else { throw Self.refusal(plain) }
        let others = rootImages.filter { $0.image != image && $0.place.real != real }.map(\.place)
        guard !(pillars + others).contains(where: { $0.isBelow(plain, real) }) else { throw Self.refusal(plain) }
    }

    /// The same for a kernel, an initial ramdisk, a packed root image and its tree: they go where no other image has its
    /// own. The diskless and the statelite image of a profile share a folder, and so do images that share it already.
    /// - Parameter kind: osvers, osarch and profile.
    func checkedRoot(_ text: String, image: String, provmethod: String, kind: [String]) throws -> FilePath {
        let plain = try checked(text)
        guard Self.bootNames(provmethod).contains(plain.lastName.printable) else {
            throw ImportRequest.failure(
                "The bundle has a boot file of a \(provmethod) image under a name that is none: '\(plain.printable)'",
                "Catboat knows \(Self.bootNames(provmethod).joined(separator: ", "))")
        }
        let real = try real(plain)
        let own = rootImages.filter { $0.image == image && $0.provmethod == provmethod }.map(\.place.real)
        for other in rootImages where other.image != image && real.starts(with: other.place.real) {
            // What copycds defined and nobody built has no root image yet.
            guard other.isBuilt else { continue }
            let isBeside = real.removingLastComponent() == other.place.real
            let isPair = other.kind == kind && Set([provmethod, other.provmethod]) == ["netboot", "statelite"]
            if isBeside, isPair || own.contains(other.place.real) { continue }
            throw ImportRequest.failure(
                "The bundle would change the root image of osimage \(other.image): '\(plain.printable)'",
                "import a copy with a folder of its own: -f PROFILE, or give \(other.image) another rootimgdir")
        }
        return plain
    }

    /// Names of what an image has in its root image's folder.
    private static func bootNames(_ provmethod: String) -> [String] {
        provmethod == "statelite"
            ? ["kernel", "initrd-statelite.gz", "rootimgtree.gz", "litefile.csv", "rootimg"]
            : ["kernel", "initrd-stateless.gz", "rootimg"] + PackedRoot.names
    }

    /// Whether a file would be one of a root image, or in a folder of that name: of the image's own, or of one that may be
    /// there some day.
    private func isOfRootImage(_ plain: FilePath, _ real: FilePath, owned: [Place]) -> Bool {
        if plain.components.contains("rootimg") || settings.root.stored(real).components.contains("rootimg") {
            return true
        }
        func isBoot(_ path: FilePath, below folder: FilePath, isOwn: Bool) -> Bool {
            var rest = path
            guard rest.removePrefix(folder) else { return false }
            return rest.components.contains { part in
                let name = part.string
                return name.hasPrefix("initrd") || Self.allBootNames.contains(name) || (isOwn && name.hasPrefix("."))
            }
        }
        return isBoot(plain, below: netboot.stored, isOwn: false) || isBoot(real, below: netboot.real, isOwn: false)
            || owned.contains {
                isBoot(plain, below: $0.stored, isOwn: true) || isBoot(real, below: $0.real, isOwn: true)
            }
    }

    private static let allBootNames =
        Set(["netboot", "statelite"].flatMap { bootNames($0) }).union(["rootimg-statelite.gz"])

    /// Other images whose root image lies in the same folder, or would; but not that of the pair which nobody has built.
    func sharers(of folder: FilePath, image: String, provmethod: String, kind: [String]) throws -> [String] {
        let real = try places.folder(folder)
        return rootImages.filter { other in
            guard other.image != image, other.place.real == real else { return false }
            let isPair = other.kind == kind && Set([provmethod, other.provmethod]) == ["netboot", "statelite"]
            return other.isBuilt || !isPair
        }.map(\.image)
    }

    private func real(_ plain: FilePath) throws -> FilePath {
        do {
            return try places.of(plain)
        } catch {
            throw ImportRequest.failure(
                "Something other than a folder is on the way to '\(plain.printable)'", "move it away")
        }
    }

    /// Root images may be anywhere.
    static func isReserved(_ path: FilePath) -> Bool {
        path.components.contains { reserved.contains($0.string) || states.contains($0.string) }
    }

    private static func refusal(_ plain: FilePath) -> any Error {
        ImportRequest.failure(
            "The bundle would change what only the site decides: '\(plain.printable)'", "do not import it")
    }

    private static func outside(_ what: String) -> any Error {
        ImportRequest.failure(
            "The bundle puts a file outside the site's folders: \(what)",
            "allow it with --allow-outside if you trust the bundle")
    }

    func isHook(_ path: FilePath) -> Bool { codeKind(path) == "hook" }

    /// What a file is that runs as root because of the place it goes to; nil for others.
    func codeKind(_ path: FilePath) -> String? {
        let real = (try? real(path)) ?? path
        func isBelow(_ place: Place) -> Bool { path.starts(with: place.stored) || real.starts(with: place.real) }
        if isBelow(hooks) { return "hook" }
        // Nodes make executable what they fetch from there.
        if isBelow(postscripts) { return "postscript" }
        if isBelow(prescripts) { return "prescript" }
        // genimage takes modules from there for every image of the release.
        if isBelow(drivers) { return "driver disk" }
        // Nodes boot from there.
        return isBelow(roots[1]) ? "boot file" : nil
    }

    /// Whether a path below custom/hooks is one where hooks of an image are looked for, so that nothing else is there.
    /// - Parameter image: any when nil.
    static func isImageHook(_ path: FilePath, of image: String?) -> Bool {
        let parts = path.components.map(\.string)
        guard parts.count == 3 || parts.count == 4, parts[0] == "osimage", image == nil || parts[1] == image else {
            return false
        }
        guard parts.count == 4 else { return HookEvent.all.contains { $0.name == parts[2] } }
        return HookEvent.all.contains { "\($0.name).d" == parts[2] }
    }
}
