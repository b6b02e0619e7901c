internal import Bundles
internal import CommandShell
internal import Definitions
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

/// The folder `<installdir>/.catboat`: bundles that are being imported, and journals of imports.
struct BundleJournals {
    /// On the host.
    let folder: FilePath
    private let settings: Settings

    var journals: FilePath { folder.joined("journal") }
    private var stages: FilePath { folder.joined("import") }

    init(_ cluster: Cluster) throws {
        settings = cluster.settings
        // Where it really is: a pointer beside a root image names no link.
        folder = try RealPlace.folder(cluster.installFolder.joined(".catboat"), settings)
    }

    /// Where a bundle is unpacked.
    func stage(_ id: String) -> FilePath { stages.joined(id) }

    /// Makes the folders, which nobody else may look into.
    func prepare() throws {
        try folder.removingLastComponent().createDirectories()
        for path in [folder, stages, journals] {
            try path.createDirectories(permissions: 0o700)
            try path.changePermissions(0o700)
        }
    }

    /// Ends imports that were cut short. While an import is under way nothing is done.
    func recover() throws {
        guard try !journals.directoryNames().isEmpty || !stages.directoryNames().isEmpty,
            let lock = try? ImageLock(folder)
        else { return }
        try recover(holding: lock)
    }

    /// Folders that killed imports left unpacked, and that no journal needs. Whoever asks holds the lock of imports.
    func abandoned() throws -> [FilePath] {
        let needed = try journals.directoryNames()
        return try stages.directoryNames().filter { !needed.contains($0) }.map { stages.joined($0) }
    }

    /// Removes what killed imports left unpacked. While an import is under way nothing is done.
    func sweep() throws {
        guard try !abandoned().isEmpty, let lock = try? ImageLock(folder) else { return }
        defer { withExtendedLifetime(lock.descriptor) {} }
        for stage in try abandoned() { try stage.removeTree() }
    }

    /// The same for whoever holds the lock of imports; what they left unpacked goes too.
    func recover(holding lock: borrowing ImageLock) throws {
        for name in try journals.directoryNames() {
            let journal = journals.joined(name)
            do {
                try Step("bundle-install", ["--recover", Word(journal)], settings: settings).run(output: .null)
            } catch let error as StepError where error.status == 1 {
                // It stands, and has said what to do: no reason to stop others.
                guard try InstallJournal.open(journal)?.isPlaced == true else { throw error }
            }
        }
        for stage in try abandoned() { try stage.removeTree() }
    }
}
