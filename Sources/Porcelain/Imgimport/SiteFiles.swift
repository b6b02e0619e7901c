internal import Bundles
internal import Definitions
internal import Profiles
internal import Settings
internal import Support
internal import SystemPackage

/// What other images of the site are made from: files that their definitions name, and folders of their packages.
struct SiteFiles {
    /// Kinds by real places.
    private var files: [FilePath: String] = [:]
    private var folders: [FilePath: String] = [:]

    init(_ cluster: Cluster, besides image: String) throws {
        let places = RealPlaces(cluster.settings)
        var read: Set<FilePath> = []
        func add(_ path: FilePath, _ kind: String) {
            guard path.isAbsolute, let place = try? places.of(path) else { return }
            if place.isDirectory {
                folders[place] = folders[place] ?? kind
                return
            }
            files[place] = files[place] ?? kind
            // A link stands for what it leads to.
            if place.isRegularFile, let target = try? place.resolved() { files[target] = files[target] ?? kind }
        }
        for name in try cluster.osimageNames() where name != image {
            guard let osimage = try cluster.findOsimage(name) else { continue }
            for column in BundleManifest.fileColumns {
                for item in osimage.list(column) {
                    let path = FilePath(ProfileChange.path(item, in: column))
                    add(path, "\(column) of osimage \(name):")
                    guard column != "postinstall", read.insert(path).inserted else { continue }
                    let variables = osimage["environvar"] ?? ""
                    for part in Self.parts(of: path, variables, isSynclist: column == "synclists", cluster) {
                        add(part, "\(column) of osimage \(name):")
                    }
                }
            }
            let drivers = osimage.list("driverupdatesrc").map { ProfileChange.path($0, in: "driverupdatesrc") }
            let kernels = osimage.list("kerneldir")
            for folder in try osimage.pkgdirs(cluster) + osimage.otherpkgdirs(cluster) + drivers + kernels {
                let path = FilePath(folder)
                guard path.isAbsolute, path != "/", let place = try? places.folder(path) else { continue }
                folders[place] = folders[place] ?? "medium of osimage \(name):"
            }
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
    /// - Parameter real: where the file really is or will be.
    func kind(of real: FilePath) -> String? {
        if let kind = files[real] { return kind }
        var folder = real
        while !folder.components.isEmpty {
            if let kind = folders[folder] { return kind }
            folder = folder.removingLastComponent()
        }
        return nil
    }
}
