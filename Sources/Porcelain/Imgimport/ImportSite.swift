internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// What the images of a bundle are held against: the site as it is before the import, looked at once for all of them.
final class ImportSite {
    let cluster: Cluster
    let places: RealPlaces
    let boundary: ImportBoundary
    let count = ImportCount()
    private var knownFiles: SiteFiles?

    init(_ cluster: Cluster, allowsOutside: Bool) throws {
        self.cluster = cluster
        places = RealPlaces(cluster.settings)
        boundary = try ImportBoundary(cluster, places, allowsOutside: allowsOutside)
    }

    /// What images are made from.
    func files() throws -> SiteFiles {
        if let knownFiles { return knownFiles }
        let files = try SiteFiles(cluster, places)
        knownFiles = files
        return files
    }
}
