internal import Definitions
internal import Resolution
internal import Tables

/// The osimages that `genimage -o OSVER -a ARCH -p PROFILE` means; those that are not defined yet are made from the files of the profile.
struct UnnamedImages {
    /// The netboot image as it will be defined; nil when it is already, or when no profile of that name has a package list.
    let image: Osimage?
    /// The rows that are missing.
    let rows: TableBatch

    static func name(_ osver: String, _ arch: String, _ method: String, _ profile: String) -> String {
        "\(osver)-\(arch)-\(method)-\(profile)"
    }

    init(_ name: String, _ request: GenimageRequest, _ cluster: Cluster) throws {
        let arch = request.arch ?? GenimageTarget.machine
        guard let osver = request.osver, let profile = request.profile, try cluster.findOsimage(name) == nil else {
            (image, rows) = (nil, TableBatch())
            return
        }
        let found = try ProfileFiles(profile: profile, osvers: osver, osarch: arch, tree: .netboot, cluster)
        let files = found.values.map { ($0.attribute, $0.value) }
        guard files.contains(where: { $0.0 == "pkglist" }) else {
            throw GenimageTarget.failure(
                "Unable to find file \(profile).pkglist for \(osver) \(arch).",
                "make \(try cluster.installFolder)/custom/netboot/\(found.platform ?? osver)/\(profile).pkglist, or name an image of lsdef -t osimage"
            )
        }
        let install = try cluster.installFolder
        let common = [
            ("profile", profile), ("imagetype", "linux"), ("osname", "Linux"), ("osvers", osver), ("osarch", arch),
            ("osdistroname", "\(osver)-\(arch)"),
        ]
        let own =
            [
                ("pkgdir", "\(install)/\(osver)/\(arch)"),
                ("otherpkgdir", "\(install)/post/otherpkgs/\(osver)/\(arch)"),
                ("rootimgdir", "\(install)/netboot/\(osver)/\(arch)/\(profile)"),
            ] + files.filter { $0.0 != "synclists" }
        let shared = common + files.filter { $0.0 == "synclists" }

        var rows = TableBatch()
        // Debian and Ubuntu never had statelite images.
        let isDebian = ["debian", "ubuntu"].contains { osver.hasPrefix($0) }
        for method in isDebian ? ["netboot"] : ["netboot", "statelite"] {
            let match = [Cell("imagename", Self.name(osver, arch, method, profile))]
            let isMissing = try cluster.findOsimage(match[0].value) == nil
            guard isMissing else { continue }
            for (table, cells) in [("osimage", shared + [("provmethod", method)]), ("linuximage", own)] {
                rows.append(.absent(table, matches: match))
                rows.append(.set(table, matches: match, values: cells.map { Cell($0.0, $0.1) }))
            }
        }
        self.rows = rows
        let attributes = (shared + own + [("provmethod", "netboot")]).map { ($0.0, $0.1) }
        image = Osimage(name, attributes: Dictionary(attributes) { first, _ in first })
    }
}
