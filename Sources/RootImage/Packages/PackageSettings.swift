public import Profiles
public import Support
public import SystemPackage

/// What a run of a package manager is told, whichever it is.
public struct PackageSettings: Sendable {
    /// Of the lists: a version that one names is kept from upgrades.
    public var requests: [PackageRequest] = []
    /// As in `/lib/modules`; nil for the newest.
    public var kernelVersion: String?
    /// Version and release of the kernel's RPM packages, where they differ from `kernelVersion`.
    public var kernelPackageVersion: String?
    /// Whether packages that others only recommend are installed; nil for what the family does.
    public var installsRecommends: Bool?
    public var isInteractive = false
    /// Of the osimage (`environvar`), for package scripts.
    public var variables = Environment()
    /// The packages of an earlier build: exactly these.
    public var locked: PackageLock?
    public var execPath: FilePath
    public var dataFolder: FilePath

    public init(execPath: FilePath, dataFolder: FilePath) {
        (self.execPath, self.dataFolder) = (execPath, dataFolder)
    }
}
