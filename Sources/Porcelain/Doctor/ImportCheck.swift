internal import Bundles
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// Imports of bundles: that none was cut short.
struct ImportCheck {
    private(set) var findings: [Finding] = []

    init(_ cluster: Cluster) throws {
        let journals = try BundleJournals(cluster).journals
        for name in try journals.directoryNames() {
            let folder = journals.joined(name)
            let remedy =
                "if no imgimport is running: catboat bundle-install --recover \(folder.printable); the next imgimport does so too"
            do {
                // Without a journal in it the import had changed nothing yet.
                guard let journal = try InstallJournal.open(folder) else { continue }
                findings.append(
                    Finding(
                        "imports", .warning,
                        "an import of \(journal.images.joined(separator: ", ")) is under way, or was cut short",
                        remedy: remedy))
            } catch {
                findings.append(
                    Finding(
                        "imports", .error, "the journal of an import cannot be read: \(folder.printable)",
                        remedy: "look at what it names, put those files right by hand, then remove it"))
            }
        }
        if findings.isEmpty { findings.append(Finding("imports", .ok, "no import is unfinished")) }
    }
}
