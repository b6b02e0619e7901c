internal import Bundles
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// What an image of a bundle must be before anything of it is looked at.
extension ImportImage {
    // MARK: - What xCAT checks

    func checkFields() throws {
        var problems = ["imagename", "provmethod", "profile", "osvers", "osarch"].filter {
            (manifest.osimage[$0] ?? "").isEmpty
        }.map { Self.undefined($0) }
        switch provmethod {
        case "install": if manifest.column("template") == nil { problems.append(Self.undefined("template")) }
        case "netboot":
            for (name, value) in [
                ("ramdisk", manifest.ramdisk), ("kernel", manifest.kernel), ("rootimg", manifest.rootimg),
            ] where value == nil { problems.append(Self.undefined(name)) }
        case "statelite":
            for (name, value) in [
                ("kernel", manifest.kernel), ("ramdisk", manifest.ramdisk), ("rootimgtree", manifest.rootimgtree),
            ] where value == nil { problems.append(Self.undefined(name)) }
        case "raw", "sysclone":
            problems.append(
                Diagnostic(
                    "Importing images with 'provmethod' \(provmethod) is not supported: only s390x has them, which Catboat does not know."
                ))
        default:
            problems.append(
                Diagnostic(
                    "Importing images with 'provmethod' \(provmethod) is not supported. Hint: install, netboot, statelite, sysclone or raw"
                ))
        }
        guard problems.isEmpty else { throw CommandFailure(problems) }
        if let index = answer.index, index.image != manifest.imagename {
            throw ImportRequest.failure("The index is about another image than the manifest: '\(index.image)'")
        }
    }

    private static func undefined(_ field: String) -> Diagnostic {
        Diagnostic("The '\(field)' field is not defined in manifest.xml.")
    }

    func checkMedia() throws {
        guard manifest.media == "required", let osvers = manifest.osimage["osvers"],
            let osarch = manifest.osimage["osarch"]
        else { return }
        let folder = try cluster.installFolder.joined(osvers).joined(osarch)
        guard try cluster.settings.host(folder).isDirectory else {
            throw ImportRequest.failure("This image requires that you first copy media for \(osvers)-\(osarch)")
        }
    }

    /// An image that is turned off could be addressed by nobody.
    mutating func leaveOut() {
        guard manifest.osimage["disable"] != nil || manifest.linuximage["disable"] != nil else { return }
        manifest.osimage["disable"] = nil
        manifest.linuximage["disable"] = nil
        warnings.append("The bundle sets disable, which would hide the image; it is left out.")
    }

    /// Boot files are looked for under the names that genimage and packimage give them, in one folder.
    mutating func nameBootFiles() throws {
        guard provmethod != "install" else { return }
        let ramdisk = provmethod == "statelite" ? "initrd-statelite.gz" : "initrd-stateless.gz"
        for (key, name) in [(\BundleManifest.kernel, "kernel"), (\.ramdisk, ramdisk)] {
            guard let path = manifest[keyPath: key], FilePath(path).lastName.printable != name else { continue }
            let named = FilePath(path).removingLastComponent().joined(name).printable
            moved[path] = named
            manifest[keyPath: key] = named
            warnings.append("\(path) becomes \(named), where nodes get it from.")
        }
        // As xCAT's guide shows it, and its code does not write it.
        if let raw = manifest.rootimgtree, FilePath(raw).removingLastComponent().lastName == "rootimg" {
            let path = FilePath(raw)
            let named = path.removingLastComponent().removingLastComponent().joined(path.lastName).printable
            moved[raw] = named
            manifest.rootimgtree = named
        }
        let root = manifest.rootimg.map { FilePath($0) }
        if provmethod == "netboot", let root, !PackedRoot.names.contains(root.lastName.printable) {
            throw ImportRequest.failure(
                "The bundle's root image has a name that is none: '\(root.printable)'",
                "Catboat knows \(PackedRoot.names.joined(separator: ", "))")
        }
    }

    /// A root image elsewhere than where one without rootimgdir is looked for needs one.
    mutating func nameRootFolder() throws {
        guard provmethod != "install", manifest.column("rootimgdir") == nil, let kernel = manifest.kernel else {
            return
        }
        let usual = kind.reduce(try cluster.installFolder.joined("netboot")) { $0.joined($1) }
        let folder = FilePath("/").joined(FilePath(kernel)).removingLastComponent()
        guard folder != usual else { return }
        manifest.linuximage["imagename"] = manifest.imagename
        manifest.linuximage["rootimgdir"] = folder.printable
        warnings.append("The bundle sets no rootimgdir; it becomes \(folder.printable), where the kernel goes.")
    }

    private var bootFiles: [String] {
        [manifest.kernel, manifest.ramdisk, manifest.rootimg, manifest.rootimgtree, manifest.litefile].compactMap { $0 }
    }

    /// What has one name in the bundle would get two here.
    func checkPaths() throws {
        var seen = Set(
            BundleManifest.fileColumns.flatMap { column in
                manifest.list(column).map { ProfileChange.path($0, in: column) }
            })
        for path in bootFiles where !seen.insert(path).inserted {
            throw ImportRequest.failure(
                "The bundle has one path for two of kernel, ramdisk, root image and lists: '\(path)'",
                "correct the image where it comes from, and export it again")
        }
    }

    /// Boot files lie together, in the folder of the root image.
    func checkBootFolder() throws {
        guard provmethod != "install" else { return }
        let folders = Set(bootFiles.map { FilePath("/").joined(FilePath($0)).removingLastComponent() })
        let row = manifest.column("rootimgdir").map { FilePath("/").joined(FilePath($0)) }
        guard folders.count == 1, row == nil || folders.contains(row ?? "") else {
            throw ImportRequest.failure(
                "The bundle puts kernel, ramdisk and root image into different folders.",
                "nodes could not boot it; correct rootimgdir of the image, and export it again")
        }
    }

    /// What it will be called becomes names of folders, and words of command lines and commits.
    func checkNames() throws {
        for (what, text) in [("image", name), ("profile", manifest.osimage["profile"] ?? "")] {
            let isGood: (Unicode.Scalar) -> Bool = { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains(scalar))
            }
            // In litefile ALL means every image.
            let isMisplaced = text.hasPrefix(".") || text.hasPrefix("-") || text.utf8.count > 200 || text == "ALL"
            guard !text.isEmpty, !isMisplaced, text.unicodeScalars.allSatisfy(isGood) else {
                throw ImportRequest.failure(
                    "'\(text)' cannot be the name of a\(what == "image" ? "n" : "") \(what).",
                    "import a copy: -f PROFILE --name NAME, of letters, digits, '.', '_' and '-'")
            }
        }
    }

    /// In tables of statelite files a name may be that of a group of images.
    func checkGroups() throws {
        let images = try cluster.osimageNames()
        if let taken = manifest.list("groups").first(where: { $0 != name && images.contains($0) }) {
            throw ImportRequest.failure(
                "The bundle has '\(taken)' as a group of \(name), which is an osimage here.", "do not import it")
        }
        guard provmethod == "statelite" else { return }
        let groups = try images.filter { $0 != name }
            .flatMap { try cluster.findOsimage($0)?.list("groups") ?? [] }
        guard !groups.contains(name) else {
            throw ImportRequest.failure(
                "'\(name)' is the name of a group of osimages here.", "import a copy: -f PROFILE --name NAME")
        }
    }

    /// Columns that no file of the bundle fills: genimage would write there, an installer would show it to nodes.
    func checkColumns() throws {
        for item in manifest.list("partitionfile") {
            let path = ProfileChange.path(item, in: "partitionfile")
            guard path.hasPrefix("/"), place.standard(FilePath(path)) == FilePath(path) else { continue }
            _ = try boundary.checked(path)
        }
        if let folder = manifest.column("rootimgdir") {
            // An image that installers make has none, whatever its row says.
            guard provmethod != "install" else {
                _ = try boundary.checked(folder)
                return
            }
            try boundary.checkedRootFolder(folder, image: name)
            _ = try checkedRoot(FilePath(folder).joined("rootimg").printable)
        }
        if let kernel = manifest.kernel {
            try boundary.checkedRootFolder(FilePath(kernel).removingLastComponent().printable, image: name)
        }
    }
}
