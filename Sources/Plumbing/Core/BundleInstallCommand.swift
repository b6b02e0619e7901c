internal import ArgumentParser
internal import Bundles
internal import CommandShell
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct BundleInstallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle-install", abstract: "Put the files and rows of an import into place, all or nothing.")

    @Option(help: "Folder for the journal.", completion: .directory) var journals: String?
    @Option(help: "End the import of this journal, which was cut short.", completion: .directory) var recover: String?

    func validate() throws {
        guard (journals == nil) != (recover == nil) else {
            throw ValidationError("give --journals with a plan on standard input, or --recover")
        }
    }

    func run() throws {
        if let recover { return try end(FilePath(recover).absolute) }
        let plan = try InstallPlan.read(
            try FileDescriptor.standardInput.readToEnd(limit: 1 << 30, of: "standard input"))
        let locks = try ImageLocks(plan.folders, endsImports: true)
        defer { withExtendedLifetime(locks) {} }
        try BundleInstaller(journals: FilePath(journals ?? "").absolute).install(plan, rows) { try locks.add($0) }
    }

    private func end(_ folder: FilePath) throws {
        guard let journal = try InstallJournal.open(folder) else {
            // It died before it wrote down what it would do, so nothing was done.
            return try folder.removeTree()
        }
        let locks = try ImageLocks(journal.plan.folders, endsImports: false)
        defer { withExtendedLifetime(locks) {} }
        let ending = try BundleInstaller(journals: folder.removingLastComponent()).recover(journal, rows)
        let images = journal.images.joined(separator: ", ")
        switch ending {
        case .undone: Console.note("bundle-install: an import of '\(images)' was cut short; it was undone")
        case .completed: Console.note("bundle-install: an import of '\(images)' was cut short; it was completed")
        }
        try Console.print("\(ending.rawValue)\t\(images)")
    }

    private var rows: BundleInstaller.Rows {
        BundleInstaller.Rows(
            set: { batch in
                guard !batch.isEmpty else { return }
                try Step("table-set", ["--stdin"], input: Array(batch.utf8)).run(output: .null)
            },
            holds: { proof in
                // Without rows the files alone are the import: then it goes on.
                guard !proof.isEmpty else { return true }
                let ending = try Step("table-set", ["-q", "--stdin"], input: Array(proof.utf8)).status(output: .null)
                switch ending {
                case .exited(0): return true
                case .exited(1): return false
                default: throw StepError.failed("table-set", ending)
                }
            })
    }
}

/// Locks of all root images that an import touches and that are there.
private final class ImageLocks {
    private final class Holder {
        let lock: ImageLock

        init(_ folder: FilePath, endsImports: Bool) throws {
            lock = try ImageLock(folder, endsImports: endsImports)
        }
    }

    private var holders: [Holder] = []

    init(_ folders: [JSONName], endsImports: Bool) throws {
        // In one order, so that two imports cannot wait for each other.
        for name in folders.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            let folder = FilePath(bytes: name.bytes)
            guard folder.isDirectory else { continue }
            holders.append(try Holder(folder, endsImports: endsImports))
        }
    }

    /// Locks a folder that was made for the import.
    func add(_ folder: FilePath) throws { holders.append(try Holder(folder, endsImports: false)) }
}
