internal import ArgumentParser
internal import CommandShell
internal import Digests
internal import FoundationEssentials
internal import Netboot
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct ImagePublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image-publish", abstract: "Put a matching kernel, initramfs and root image before the nodes.")

    @Option(help: "Folder of the root image; default that of the definition.", completion: .directory)
    var rootimgdir: String?
    @Option(help: "TFTP folder; default that of the site.", completion: .directory) var tftpdir: String?
    @Option(help: "Packed root to publish, or a folder that holds it.", completion: .file()) var stage: String?
    @Option(help: "Folder of the build record to complete with the set's digests.", completion: .directory)
    var record: String?
    @Option(help: "With --record: a file with the packages of the root image; - for standard input.")
    var packagesFrom: String?
    @Option(help: "Sets to keep, the served one included.") var keep = 3
    @Option(help: "Days for which every set is kept.") var keepDays = 0
    @Flag(help: "Publish nothing; only remove the sets that are not to be kept.") var prune = false
    @Flag(help: "Change nothing; print the digest of the served set.") var current = false
    @Flag(help: "Change nothing; print what would be published, or removed.") var dryRun = false
    @Flag(help: "Change nothing; print the kept sets.") var list = false
    @Flag(help: "With --list or --prune, print JSON.") var json = false
    @Flag(name: .customShort("z"), help: "With --list or --prune, end records with NUL.") var isNULSeparated = false
    @Argument(help: "Osimage.") var osimage: String
    @Argument(help: "A kept set to publish again, as sha256:HEX or its first digits.") var digest: String?

    func validate() throws {
        guard keep >= 1 else { throw ValidationError("--keep must be 1 or more") }
        guard keepDays >= 0 else { throw ValidationError("--keep-days must be 0 or more") }
        guard [current, list, dryRun || prune].count(where: \.self) <= 1 else {
            throw ValidationError("--current, --list, --prune and --dry-run exclude each other")
        }
        guard !prune || (digest == nil && stage == nil && record == nil) else {
            throw ValidationError("--prune publishes nothing: no digest, --stage or --record")
        }
        guard packagesFrom == nil || record != nil else { throw ValidationError("--packages-from needs --record") }
        guard digest == nil || stage == nil else { throw ValidationError("a digest and --stage exclude each other") }
    }

    func run() throws {
        let place = try PublishedFolder(osimage: osimage, rootimgdir: rootimgdir, tftpdir: tftpdir, .current())
        let folder = place.rootimgFolder
        let publisher = try ImagePublisher(
            image: osimage, rootimgFolder: folder, webPath: place.webPath, tftpFolder: place.tftpFolder)
        if current {
            guard let digest = try publisher.current() else { throw ExitCode(1) }
            return try Console.print(digest.description)
        }
        if list { return try printSets(publisher) }
        if prune { return try removeOld(publisher, folder) }
        if dryRun {
            let set =
                try digest.map { try publisher.store.find($0, image: osimage).set }
                ?? ImageSet(SetFiles(rootimgFolder: folder, stage: stage.map { FilePath($0).absolute }))
            if let record { try begin(FilePath(record), set) }
            return try Console.print(set.digest.description)
        }
        let lock = try ImageLock(folder)
        defer { withExtendedLifetime(lock.descriptor) {} }
        let published: KeptSet
        if let digest {
            published = try publisher.store.find(digest, image: osimage)
            try publisher.publish(published)
        } else {
            published = try publisher.publish(
                SetFiles(rootimgFolder: folder, stage: stage.map { FilePath($0).absolute }))
        }
        for removed in try publisher.prune(keeping: keep, since: since) {
            Console.note(
                "image-publish: removed set \(removed.set.digest), published \(removed.publishedAt)")
        }
        if let record { try begin(FilePath(record), published.set) }
        try Console.print(published.set.digest.description)
    }

    /// Sets published since then are kept.
    private var since: Int64 { keepDays == 0 ? .max : Int64(Date().timeIntervalSince1970) - Int64(keepDays) * 86400 }

    private func removeOld(_ publisher: ImagePublisher, _ folder: FilePath) throws {
        let lock = try ImageLock(folder)
        defer { withExtendedLifetime(lock.descriptor) {} }
        let removed = try publisher.prune(keeping: keep, since: since, isDry: dryRun)
        try printRecords(removed, current: nil)
    }

    /// The record of a set that was not built here has nothing yet.
    private func begin(_ record: FilePath, _ set: ImageSet) throws {
        try record.createDirectories(permissions: 0o700)
        if let packagesFrom {
            let bytes =
                try packagesFrom == "-"
                ? FileDescriptor.standardInput.readToEnd(limit: 256 << 20, of: "standard input")
                : FilePath(packagesFrom).readBytes(limit: 256 << 20)
            try AtomicFile.write(bytes, to: record.joined("packages"))
        }
        try complete(record, set)
    }

    /// Adds digests of the set and its files to `digests`, and writes `build.json`.
    private func complete(_ record: FilePath, _ set: ImageSet) throws {
        let file = record.joined("digests")
        var lines = file.exists ? try file.readText().split(separator: "\n").map(String.init) : []
        let names = set.members.map(\.name) + ["set"]
        lines.removeAll { line in names.contains { line.hasPrefix("\($0)\t") } }
        lines += set.members.map { "\($0.name)\t\($0.digest)" } + ["set\t\(set.digest)"]
        lines.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        try AtomicFile.write((lines.joined(separator: "\n") + "\n").utf8, to: file)
        try BuildFacts.read(in: record).with(set).write(to: record)
    }

    private struct Record: Encodable {
        var digest: String
        var isCurrent: Bool
        var publishedAt: String
        var root: String
        var size: Int64
    }

    private func printSets(_ publisher: ImagePublisher) throws {
        try printRecords(publisher.store.sets(), current: publisher.current())
    }

    private func printRecords(_ sets: [KeptSet], current: Digest?) throws {
        let records = sets.map { kept in
            Record(
                digest: kept.set.digest.description, isCurrent: kept.set.digest == current,
                publishedAt: kept.publishedAt.description, root: kept.set.root.name,
                size: kept.set.members.reduce(0) { $0 + $1.sizeInBytes })
        }
        if json { return try Console.write(JSONText.document("sets", records)) }
        let lines = records.map { record in
            [record.digest, record.isCurrent ? "current" : "kept", record.publishedAt, "\(record.size)", record.root]
                .joined(separator: "\t")
        }
        try Console.records(lines.map { Array($0.utf8) }, isNULSeparated: isNULSeparated)
    }
}
