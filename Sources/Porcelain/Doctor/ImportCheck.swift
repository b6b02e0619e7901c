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
        let abandoned = try journals.abandoned()
        guard !names.isEmpty || !abandoned.isEmpty else {
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
        findings += try journals.abandoned().map { folder in
            Finding(
                "imports", .warning, "an import that was killed left what it had unpacked: \(folder.printable)",
                remedy: "catboat gc, or the next imgimport or imgexport, removes it")
        }
    }

    private static func finding(_ folder: FilePath) -> Finding {
        let journal: InstallJournal?
        do {
            journal = try InstallJournal.open(folder)
        } catch {
            return Finding(
                "imports", .error, "the journal of an import cannot be read: \(folder.printable)",
                remedy: "look at what it names, put those files right by hand, then remove it")
        }
        let isPlaced = journal?.isPlaced == true
        let what =
            journal.map { journal in
                "of \(journal.images.joined(separator: ", ")) "
                    + (isPlaced ? "stands, but was not published or recorded" : "was cut short")
            } ?? "was cut short before it began"
        return Finding(
            "imports", .warning, "an import \(what)",
            remedy:
                "the next imgimport\(journal == nil ? "" : ", or command that locks the image,") ends it; now: catboat bundle-install --recover \(folder.printable)"
        )
    }
}
