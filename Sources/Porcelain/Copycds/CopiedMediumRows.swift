internal import CommandShell
internal import Definitions
internal import Profiles
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

/// The rows that copycds writes for a medium: osdistro, and osimage and linuximage for each profile that has files.
struct CopiedMediumRows {
    private let medium: InspectedMedium
    private let folder: FilePath
    private let destination: FilePath
    private let makesOsimages: Bool
    private let isReset: Bool

    /// - Parameters:
    ///   - folder: what pkgdir names, as stored.
    ///   - destination: where this medium lies; below `folder` for a disc of SLES.
    init(
        _ medium: InspectedMedium, folder: FilePath, destination: FilePath, makesOsimages: Bool, isReset: Bool
    ) {
        self.medium = medium
        self.folder = folder
        self.destination = destination
        self.makesOsimages = makesOsimages
        self.isReset = isReset
    }

    /// Writes all rows in one batch; anew when others changed them between reading and writing.
    func store(_ settings: Settings) throws {
        for attempt in 1...5 {
            let batch = try batch(Cluster.open(settings))
            do {
                return try Step("table-set", ["--stdin"], input: batch.bytes).run()
            } catch let error as StepError where error.status == 1 && attempt < 5 {
                continue
            } catch is StepError {
                throw CommandFailure([
                    Diagnostic("Error when updating the osimage tables: table-set did not succeed, see above")
                ])
            }
        }
    }

    /// Names of the osimages that there will be, or are.
    func imageNames(_ cluster: Cluster) throws -> [String] {
        try makesOsimages ? choices(Self.search(cluster)).map(name) : []
    }

    /// Whether nodes can be installed from the medium: a profile has a template for this release.
    func hasTemplate(_ cluster: Cluster) throws -> Bool {
        try !installProfiles(Self.search(cluster)).isEmpty
    }

    private func batch(_ cluster: Cluster) throws -> TableBatch {
        var batch = TableBatch()
        try addDistribution(to: &batch, cluster)
        guard makesOsimages else { return batch }
        let search = try Self.search(cluster)
        for choice in choices(search) {
            try add(image(choice, search, try cluster.installFolder), to: &batch, cluster)
        }
        return batch
    }

    private var distribution: String { "\(medium.name)-\(medium.arch)" }

    private func addDistribution(to batch: inout TableBatch, _ cluster: Cluster) throws {
        let parts = OSName(medium.name).parts
        let match = [Cell("osdistroname", distribution)]
        let present = try cluster.store.row("osdistro", ["osdistroname": distribution])?["dirpaths"] ?? ""
        var folders = present.split(separator: ",").map(String.init)
        if !folders.contains(folder.printable) { folders.append(folder.printable) }
        batch.append(.expect("osdistro", matches: match, values: [Cell("dirpaths", present)]))
        batch.append(
            .set(
                "osdistro", matches: match,
                values: [
                    Cell("basename", parts.base), Cell("majorversion", parts.major),
                    Cell("minorversion", parts.minor ?? ""), Cell("arch", medium.arch), Cell("type", "Linux"),
                    Cell("dirpaths", folders.joined(separator: ",")),
                ]))
    }

    // MARK: Images

    private struct Choice {
        var method: String
        var tree: ProfileSearch.Tree
        var profile: String
    }

    private struct Image {
        var name: String
        var osimage: [Cell]
        var linuximage: [Cell]
    }

    /// The default images for which there are profile files.
    private func choices(_ search: ProfileSearch) -> [Choice] {
        let booted = search.profiles(.pkglist, in: .netboot, named: ["compute"], for: subject(""))
        // Debian and Ubuntu never had statelite images.
        let methods = medium.family == "debian" ? ["netboot"] : ["netboot", "statelite"]
        return installProfiles(search).map { Choice(method: "install", tree: .install, profile: $0) }
            + methods.flatMap { method in
                booted.map { Choice(method: method, tree: .netboot, profile: $0) }
            }
    }

    private func name(_ choice: Choice) -> String { "\(distribution)-\(choice.method)-\(choice.profile)" }

    private static func search(_ cluster: Cluster) throws -> ProfileSearch {
        let settings = cluster.settings
        return ProfileSearch(installFolder: try cluster.installFolder) { try? settings.host($0) }
    }

    private func subject(_ profile: String) -> ProfileSearch.Subject {
        .init(profile: profile, osvers: medium.name, arch: medium.arch, isLegacy: medium.isLegacy)
    }

    private func installProfiles(_ search: ProfileSearch) -> [String] {
        search.profiles(.template, in: .install, named: ["compute", "service"], for: subject(""))
    }

    private func image(_ choice: Choice, _ search: ProfileSearch, _ installFolder: FilePath) -> Image {
        let (method, profile) = (choice.method, choice.profile)
        let files = search.files(ProfileSearch.Kind.allCases, in: choice.tree, for: subject(profile))
        func file(_ kind: ProfileSearch.Kind) -> String { files[kind]?.printable ?? "" }
        let osimage = [
            Cell("profile", profile), Cell("imagetype", "linux"), Cell("provmethod", method), Cell("osname", "Linux"),
            Cell("osvers", medium.name), Cell("osarch", medium.arch), Cell("osdistroname", distribution),
            Cell("synclists", file(.synclist)),
            Cell("postscripts", method == "install" && profile == "service" ? "servicenode" : ""),
        ]
        var linuximage = [
            Cell("pkgdir", folder.printable), Cell("pkglist", file(.pkglist)),
            Cell("otherpkglist", file(.otherpkglist)),
            Cell(
                "otherpkgdir",
                installFolder.joined("post/otherpkgs").joined(medium.name).joined(medium.arch).printable),
        ]
        if method == "install" {
            linuximage.append(Cell("template", file(.template)))
        } else {
            linuximage += [
                Cell("exlist", file(.exlist)), Cell("postinstall", file(.postinstall)),
                Cell(
                    "rootimgdir",
                    installFolder.joined("netboot").joined(medium.name).joined(medium.arch).joined(profile).printable),
            ]
        }
        return Image(name: name(choice), osimage: osimage, linuximage: linuximage)
    }

    /// A new image gets all columns; of one that is there only the empty ones are filled, unless `--reset`.
    private func add(_ image: Image, to batch: inout TableBatch, _ cluster: Cluster) throws {
        let match = [Cell("imagename", image.name)]
        for (table, cells) in [("osimage", image.osimage), ("linuximage", image.linuximage)] {
            guard let row = try cluster.store.row(table, ["imagename": image.name]) else {
                batch.append(.absent(table, matches: match))
                let quiet = table == "linuximage" ? [Cell("addkcmdline", "quiet")] : []
                batch.append(.set(table, matches: match, values: (cells + quiet).filter { !$0.value.isEmpty }))
                continue
            }
            // postscripts is the site's own; xCAT sets it for service images only.
            let changed = cells.filter { cell in
                isReset
                    ? cell.column != "postscripts" || !cell.value.isEmpty
                    : row[cell.column] == nil && !cell.value.isEmpty
            }
            guard !changed.isEmpty else { continue }
            batch.append(.expect(table, matches: match, values: changed.map { Cell($0.column, row[$0.column] ?? "") }))
            batch.append(.set(table, matches: match, values: changed))
        }
    }
}
