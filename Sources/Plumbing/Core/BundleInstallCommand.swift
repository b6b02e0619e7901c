internal import ArgumentParser
internal import Bundles
internal import CommandShell
internal import Definitions
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct BundleInstallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle-install", abstract: "Put the files and rows of an import into place, all or nothing.")

    @Option(help: "Folder for the journal.", completion: .directory) var journals: String?
    @Option(help: "End the import of this journal, which was cut short.", completion: .directory) var recover: String?
    @Option(help: "Leave the import of this journal, which stands, as it is.", completion: .directory)
    var forget: String?

    func validate() throws {
        guard [journals, recover, forget].compactMap({ $0 }).count == 1 else {
            throw ValidationError("give --journals with a plan on standard input, --recover or --forget")
        }
    }

    func run() throws {
        if let forget { return try leave(FilePath(forget).absolute) }
        if let recover { return try end(FilePath(recover).absolute) }
        let plan = try InstallPlan.read(
            try FileDescriptor.standardInput.readToEnd(limit: 1 << 30, of: "standard input"))
        let locks = try ImageLocks(plan.folders, endsImports: true)
        defer { withExtendedLifetime(locks) {} }
        try answering {
            try installer(FilePath(journals ?? "").absolute).install(
                plan, rows, lock: { try locks.add($0) }, finish: { try BundleFinish($0, locks).run() })
        }
    }

    /// An import that stands although not all is done is an answer: 1.
    private func answering<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as BundleError {
            guard case .unfinished = error else { throw error }
            Console.error(error.diagnostic)
            throw ExitCode(1)
        }
    }

    private func end(_ folder: FilePath) throws {
        guard let journal = try InstallJournal.open(folder) else {
            // It died before it wrote down what it would do, so nothing was done.
            return try folder.removeTree()
        }
        let locks = try ImageLocks(journal.plan.folders, endsImports: false)
        defer { withExtendedLifetime(locks) {} }
        let ending = try answering {
            try installer(folder.removingLastComponent()).recover(journal, rows) {
                try BundleFinish($0, locks).run()
            }
        }
        let images = journal.images.joined(separator: ", ")
        switch ending {
        case .undone: Console.note("bundle-install: an import of '\(images)' was cut short; it was undone")
        case .completed: Console.note("bundle-install: an import of '\(images)' was cut short; it was completed")
        }
        try Console.print("\(ending.rawValue)\t\(images)")
    }

    private func leave(_ folder: FilePath) throws {
        guard let journal = try InstallJournal.open(folder) else { return try folder.removeTree() }
        let locks = try ImageLocks(journal.plan.folders, endsImports: false)
        defer { withExtendedLifetime(locks) {} }
        try installer(folder.removingLastComponent()).forget(journal)
    }

    private func installer(_ journals: FilePath) -> BundleInstaller {
        BundleInstaller(journals: journals) { file, kept in
            Console.warning(
                "'\(file.printable)' was edited after an import had placed it; the edited file is '\(kept.printable)' now"
            )
        }
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

/// What follows the files and rows of an import: nodes get what they were promised, and the history knows it.
private struct BundleFinish {
    private let plan: InstallPlan
    private let locks: ImageLocks

    init(_ plan: InstallPlan, _ locks: ImageLocks) { (self.plan, self.locks) = (plan, locks) }

    func run() throws {
        let finishes = try (plan.finishes ?? []).filter { try isThere($0) }
        for finish in finishes where finish.publishes {
            let folder = finish.record.map { FilePath(bytes: $0.rootimgdir.bytes) }
            try locks.lend(folder, to: Step("image-publish", [Word(finish.image)])).run(output: .null)
        }
        for (number, finish) in finishes.enumerated() {
            let recipe = try Step("profile-commit", [Word(finish.image)]).captured().text
            if let tree = finish.tree { try adopt(FilePath(bytes: tree.bytes), recipe) }
            if let record = finish.record { try keep(record, of: finish.image, number) }
        }
    }

    /// Notes of a tree that came with the import what genimage would have noted.
    private func adopt(_ folder: FilePath, _ recipe: String) throws {
        guard let commit = recipe.split(whereSeparator: \.isWhitespace).first else {
            throw StepError.failed("profile-commit", .exited(0))
        }
        let words: [Word] = ["--stage", "adopt", "--recipe", Word("\(commit)"), Word(folder)]
        try locks.lend(folder, to: Step("rootimg-finish", words)).run(output: .null)
    }

    /// Of an image that was removed before its import was ended nothing is left to do.
    private func isThere(_ finish: InstallPlan.Finish) throws -> Bool {
        let isDefined = try Cluster.open().findOsimage(finish.image) != nil
        let folder = finish.record?.rootimgdir ?? finish.tree
        let kernel = folder.map { FilePath(bytes: $0.bytes).joined("kernel") }
        guard isDefined, kernel?.exists ?? true else {
            Console.warning("The osimage \(finish.image) was removed since; its import is not recorded.")
            return false
        }
        return true
    }

    private func keep(_ record: InstallPlan.Finish.Record, of image: String, _ number: Int) throws {
        let folder = FilePath(bytes: plan.stage.bytes).joined(".record-\(number)")
        try folder.removeTree()
        if let facts = record.facts { try copyFacts(FilePath(bytes: facts.bytes), to: folder) }
        var words: [Word] = [
            "--rootimgdir", Word(bytes: record.rootimgdir.bytes), "--dry-run", "--record", Word(folder),
        ]
        if let packages = record.packages { words += ["--packages-from", Word(bytes: packages.bytes)] }
        try Step("image-publish", words + [Word(image)]).run(output: .null)
        words = ["--build-record", Word(folder), Word("--imported=\(record.imported)"), Word(image)]
        try Step("profile-commit", words).run(output: .null)
    }

    /// What another site says of the build, as far as it is what such a record holds. The set's own digests are taken here.
    private func copyFacts(_ facts: FilePath, to folder: FilePath) throws {
        try folder.createDirectories(permissions: 0o700)
        for name in BundleIndex.recordNames {
            let file = facts.joined(name)
            guard let status = try file.status(), status.kind == .regular, status.size <= 64 << 20 else { continue }
            var bytes = try file.readBytes(limit: 64 << 20)
            if name == "digests" {
                let tree = bytes.split(separator: 0x0a).first { line in
                    line.starts(with: "tree\tsha256:".utf8) && line.count == 76
                        && line.dropFirst(12).allSatisfy {
                            UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                                || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
                        }
                }
                guard let tree else { continue }
                bytes = Array(tree) + [0x0a]
            }
            try AtomicFile.write(bytes, to: folder.joined(name))
            if name == "build.json", (try? BuildFacts.read(in: folder)) == nil {
                try folder.joined(name).removeFile()
            }
        }
    }
}

/// Locks of all root images that an import touches and that are there.
private final class ImageLocks {
    private final class Holder {
        let folder: FilePath
        let lock: ImageLock

        init(_ folder: FilePath, endsImports: Bool) throws {
            self.folder = folder
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

    /// Lets a step act under the lock of a folder.
    func lend(_ folder: FilePath?, to step: Step) -> Step {
        guard let holder = holders.first(where: { $0.folder == folder }) else { return step }
        return step.passing(holder.lock.descriptor, as: ImageLock.variable)
    }

    /// Locks a folder that was made for the import.
    func add(_ folder: FilePath) throws { holders.append(try Holder(folder, endsImports: false)) }
}
