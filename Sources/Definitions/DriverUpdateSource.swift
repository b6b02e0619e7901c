internal import Settings
internal import Support
public import SystemPackage

/// One entry of the attribute `driverupdatesrc`: `dud:PATH`, a driver disk, `rpm:PATH`, or a path alone, which is a package.
public struct DriverUpdateSource: Hashable, Sendable {
    public var isDisk: Bool
    /// As stored.
    public var path: FilePath

    init(_ entry: String) {
        isDisk = entry.hasPrefix("dud:")
        path = FilePath(["dud:", "rpm:"].contains { entry.hasPrefix($0) } ? String(entry.dropFirst(4)) : entry)
    }
}

extension Osimage {
    /// Entries of `driverupdatesrc`.
    public var driverUpdateSources: [DriverUpdateSource] { list("driverupdatesrc").map { DriverUpdateSource($0) } }

    /// Where driver updates of the image come from, as stored: driver disks, then packages.
    ///
    /// Without a driver disk of its own it has all that are in `<installdir>/driverdisk/<osvers>/<osarch>`.
    public func driverUpdates(_ cluster: Cluster) throws -> [FilePath] {
        let sources = driverUpdateSources
        var disks = sources.filter(\.isDisk).map(\.path)
        if disks.isEmpty, let osvers, let osarch {
            let folder = try cluster.installFolder.joined("driverdisk").joined(osvers).joined(osarch)
            let host = try cluster.settings.host(folder)
            disks = try host.directoryNames().filter { !$0.printable.hasPrefix(".") && host.joined($0).isRegularFile }
                .map { folder.joined($0) }
        }
        return disks + sources.filter { !$0.isDisk }.map(\.path)
    }
}
