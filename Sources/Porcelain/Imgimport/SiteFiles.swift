internal import Bundles
internal import Definitions
internal import Support
internal import SystemPackage

/// What other images of the site are made from: files that their definitions name, and folders of their packages.
struct SiteFiles {
    /// Kinds by real places.
    private var files: [FilePath: String] = [:]
    private var folders: [FilePath: String] = [:]

    init(_ cluster: Cluster, besides image: String) throws {
        let places = RealPlaces(cluster.settings)
        for name in try cluster.osimageNames() where name != image {
            guard let osimage = try cluster.findOsimage(name) else { continue }
            for column in BundleManifest.fileColumns {
                for item in osimage.list(column) {
                    let path = FilePath(ProfileChange.path(item, in: column))
                    guard path.isAbsolute, let place = try? places.of(path) else { continue }
                    files[place] = files[place] ?? "\(column) of osimage \(name):"
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
