internal import Bundles
internal import Definitions
internal import Sandbox
internal import Support
internal import SystemPackage

/// Imports that were cut short and that nobody has ended yet.
struct ImportCheck {
    private(set) var findings: [Finding] = []

    init(_ cluster: Cluster) throws {
        let journals = try BundleJournals(cluster)
        let names = try journals.journals.directoryNames()
        guard !names.isEmpty else {
            findings = [Finding("imports", .ok, "none was cut short")]
            return
        }
        // Whoever imports holds this lock; free it means that the journals belong to nobody.
        guard let lock = try? ImageLock(journals.folder) else {
            findings = [Finding("imports", .ok, "one is under way")]
            return
        }
        defer { withExtendedLifetime(lock.descriptor) {} }
        for name in names {
            let folder = journals.journals.joined(name)
            let images = (try? InstallJournal.open(folder))?.images.joined(separator: ", ")
            findings.append(
                Finding(
                    "imports", .warning,
                    images.map { "an import of '\($0)' was cut short" } ?? "an import was cut short before it began",
                    remedy:
                        "the next imgimport, or command that locks the image, ends it; now: catboat bundle-install --recover \(folder.printable)"
                ))
        }
    }
}
