internal import Bundles
internal import Definitions
internal import Profiles
internal import Settings
internal import Support
internal import SystemPackage

/// What the images of the site are made from: files that their definitions name, and folders of their packages.
struct SiteFiles {
    private struct Use {
        var image: String
        /// A column, or `medium`.
        var kind: String
    }

    /// By real places.
    private var files: [FilePath: [Use]] = [:]
    private var folders: [FilePath: [Use]] = [:]

    init(_ cluster: Cluster, _ places: RealPlaces) throws {
        // Lists that images have in common are read once, with the same variables.
        var read: [[String]: [FilePath]] = [:]
        for name in try cluster.osimageNames() {
            guard let osimage = try cluster.findOsimage(name) else { continue }
            let variables = osimage["environvar"] ?? ""
            for column in BundleManifest.fileColumns {
                let use = Use(image: name, kind: column)
                for item in osimage.list(column) {
                    let path = FilePath(ProfileChange.path(item, in: column))
                    add(path, use, places)
                    guard column != "postinstall" else { continue }
                    let key = [path.printable, variables, column == "synclists" ? column : ""]
                    let parts =
                        read[key] ?? Self.parts(of: path, variables, isSynclist: column == "synclists", cluster)
                    read[key] = parts
                    for part in parts { add(part, use, places) }
                }
            }
            let drivers = osimage.list("driverupdatesrc").map { ProfileChange.path($0, in: "driverupdatesrc") }
            let kernels = osimage.list("kerneldir")
            for folder in try osimage.pkgdirs(cluster) + osimage.otherpkgdirs(cluster) + drivers + kernels {
                let path = FilePath(folder)
                guard path.isAbsolute, path != "/", let place = try? places.folder(path) else { continue }
                folders[place, default: []].append(Use(image: name, kind: "medium"))
            }
        }
    }

    private mutating func add(_ path: FilePath, _ use: Use, _ places: RealPlaces) {
        guard path.isAbsolute, let place = try? places.of(path) else { return }
        if place.isDirectory {
            folders[place, default: []].append(use)
            return
        }
        files[place, default: []].append(use)
        // A link stands for what it leads to.
        if place.isRegularFile, let target = try? place.resolved(), target != place {
            files[target, default: []].append(use)
        }
    }

    /// What a list includes, and the files that a synclist names; as far as they can be read.
    private static func parts(
        of top: FilePath, _ variables: String, isSynclist: Bool, _ cluster: Cluster
    ) -> [FilePath] {
        var result: [FilePath] = []
        var (pending, seen): ([FilePath], Set<FilePath>) = ([top], [top])
        while let list = pending.popLast() {
            guard let host = try? cluster.settings.host(list), host.isRegularFile,
                let bytes = try? host.readBytes(limit: Int(ImportImage.listLimit))
            else { continue }
            for path in ListIncludes(bytes, variables: variables).paths(from: top.removingLastComponent())
            where seen.insert(path).inserted {
                pending.append(path)
                result.append(path)
            }
            if isSynclist, let synclist = try? Synclist(host, variables: ListIncludes.variables(variables)) {
                // Of a pattern the folder that it begins in.
                result += synclist.entries.flatMap(\.sources).map { source in
                    let fixed = FilePath(bytes: source).components.prefix { part in
                        !part.string.contains(where: { "*?[".contains($0) })
                    }
                    return fixed.reduce(FilePath("/")) { $0.joined(FilePath($1.string)) }
                }
            }
        }
        return result
    }

    /// nil for what no other image is made from.
    /// - Parameters:
    ///   - real: where the file really is or will be.
    ///   - image: what it is made from itself does not count.
    func kind(of real: FilePath, besides image: String) -> String? {
        func words(_ uses: [Use]?) -> String? {
            uses?.first { $0.image != image }.map { "\($0.kind) of osimage \($0.image):" }
        }
        if let kind = words(files[real]) { return kind }
        var folder = real
        while !folder.components.isEmpty {
            if let kind = words(folders[folder]) { return kind }
            folder = folder.removingLastComponent()
        }
        return nil
    }
}
