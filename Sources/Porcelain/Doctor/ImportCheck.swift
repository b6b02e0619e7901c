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
        findings = names.map { Self.finding(journals.journals.joined($0)) }
    }

    private static func finding(_ folder: FilePath) -> Finding {
        let images: [String]?
        do {
            images = try InstallJournal.open(folder)?.images
        } catch {
            return Finding(
                "imports", .error, "the journal of an import cannot be read: \(folder.printable)",
                remedy: "look at what it names, put those files right by hand, then remove it")
        }
        let what = images.map { "of \($0.joined(separator: ", ")) was cut short" } ?? "was cut short before it began"
        return Finding(
            "imports", .warning, "an import \(what)",
            remedy:
                "the next imgimport, or command that locks the image, ends it; now: catboat bundle-install --recover \(folder.printable)"
        )
    }
}
