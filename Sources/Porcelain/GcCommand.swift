internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

struct GcCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Remove published sets that nodes no longer need.")

    @Flag(help: "Change nothing; print what would be removed.") var dryRun = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(
        help: "Only these osimages.", completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var osimage: [String] = []

    private struct Answer: Decodable {
        struct Kept: Decodable {
            var digest: String
            var publishedAt: String
            var size: Int64
        }
        var sets: [Kept]
    }

    private struct Record: Encodable {
        var osimage: String
        var digest: String
        var publishedAt: String
        var size: Int64
    }

    func run() throws {
        let cluster = try Cluster.open()
        if !dryRun { try BundleJournals(cluster).sweep() }
        let policy = try SetPolicy(cluster)
        let names = try osimage.isEmpty ? cluster.osimageNames() : osimage
        var records: [Record] = []
        for name in names {
            let image = try cluster.osimage(name)
            guard let place = try PublishedSet.words(image, cluster), let folder = try image.rootimgdir(cluster),
                try cluster.settings.host(folder.joined(".packed")).isDirectory
            else { continue }
            let words = ["--prune", "--json"] + (dryRun ? ["--dry-run"] : []) + policy.words + place + [Word(name)]
            let answer = try Step("image-publish", words).answer()
            records += try JSONText.decode(Answer.self, answer.output).sets.map {
                Record(osimage: name, digest: $0.digest, publishedAt: $0.publishedAt, size: $0.size)
            }
        }
        if json { return try Console.write(JSONText.document("sets", records)) }
        for record in records {
            let size = ByteCount.text(record.size)
            try Console.print("\(record.osimage): \(record.digest) of \(record.publishedAt), \(size)")
        }
        let total = ByteCount.text(records.reduce(0) { $0 + $1.size })
        Console.note(
            records.isEmpty
                ? "Nothing to remove."
                : dryRun ? "\(total) would be freed." : "\(total) freed, except what other names still hold.")
    }
}

/// How many published sets of an image are kept, and how long: `sets.keep` and `sets.keepdays`.
struct SetPolicy {
    private let count: Int
    private let days: Int

    init(_ cluster: Cluster) throws {
        let configuration = try cluster.settings.configuration(installFolder: cluster.installFolder)
        count = try configuration.number("sets.keep") ?? 3
        days = try configuration.number("sets.keepdays") ?? 0
        guard count >= 1, days >= 0 else {
            throw CommandFailure([
                Diagnostic(
                    "setting is not understood", subject: "sets.keep=\(count), sets.keepdays=\(days)",
                    remedy: "keep at least 1 set, for 0 days or more")
            ])
        }
    }

    /// Options of image-publish.
    var words: [Word] { ["--keep", Word("\(count)"), "--keep-days", Word("\(days)")] }
}
