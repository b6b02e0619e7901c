internal import FoundationEssentials
public import Support
public import SystemPackage

/// What an import is to do, decided before anything is touched: what bundle-install reads, and what its journal keeps.
public struct InstallPlan: Codable, Sendable {
    /// A file or symbolic link that goes into place.
    public struct Placement: Codable, Sendable {
        /// Where it is now, on the host.
        public var source: JSONName
        /// Where it goes, on the host.
        public var target: JSONName
        /// Of the file itself, or of a link's target.
        public var sha256: String
        /// What was at `target` when the plan was made: its digest, or nil when nothing was there.
        public var replaces: String?
        /// Where what was there is kept, on the host.
        public var backup: JSONName?
        /// Permission bits in octal; those of the source unless given.
        public var mode: String?
        /// A file that `source` is made a copy of first; it stays where it is.
        public var copyOf: JSONName?
        /// What `source`, a symbolic link, is made to lead to.
        public var linkTo: JSONName?

        public init(source: FilePath, target: FilePath, sha256: String, mode: String? = nil) {
            self.source = JSONName(source.bytes)
            self.target = JSONName(target.bytes)
            self.sha256 = sha256
            self.mode = mode
        }
    }

    /// A folder that goes into place as a whole.
    public struct Tree: Codable, Sendable {
        public var source: JSONName
        public var target: JSONName
        /// Where a folder that is there now is kept.
        public var backup: JSONName?

        public init(source: FilePath, target: FilePath, backup: FilePath?) {
            self.source = JSONName(source.bytes)
            self.target = JSONName(target.bytes)
            self.backup = backup.map { JSONName($0.bytes) }
        }
    }

    /// A folder that is made where none is, whatever goes into it.
    public struct Folder: Codable, Sendable {
        /// On the host.
        public var target: JSONName
        /// Permission bits in octal.
        public var mode: String

        public init(target: FilePath, mode: String) {
            self.target = JSONName(target.bytes)
            self.mode = mode
        }
    }

    /// What is left to do for an image when its files and rows are in place.
    public struct Finish: Codable, Sendable {
        /// What the history keeps of a root image that nodes boot.
        public struct Record: Codable, Sendable {
            /// On the host.
            public var rootimgdir: JSONName
            /// A file with the packages of the root image.
            public var packages: JSONName?
            /// A folder with what the exporting site knew of the build.
            public var facts: JSONName?
            /// Where it comes from, in words.
            public var imported: String

            public init(rootimgdir: FilePath, packages: FilePath?, facts: FilePath?, imported: String) {
                self.rootimgdir = JSONName(rootimgdir.bytes)
                self.packages = packages.map { JSONName($0.bytes) }
                self.facts = facts.map { JSONName($0.bytes) }
                self.imported = imported
            }
        }

        public var image: String
        /// Whether nodes get the imported set from now on.
        public var publishes: Bool
        public var record: Record?
        /// On the host: a root image's folder whose tree came with the import and is as the recipe makes one.
        public var tree: JSONName?

        public init(image: String, publishes: Bool) { (self.image, self.publishes) = (image, publishes) }
    }

    /// Names the journal.
    public var id: String
    /// Images that are imported.
    public var images: [String]
    /// Folder of everything that was unpacked; removed in the end.
    public var stage: JSONName
    /// Root image folders, whose locks are held.
    public var folders: [JSONName]
    public var placements: [Placement] = []
    public var trees: [Tree] = []
    /// Parents first.
    public var made: [Folder]?
    /// What table-set reads: the rows to set.
    public var batch: String
    /// What table-set reads to tell whether they are set.
    public var proof: String
    /// What table-set reads when that need not be told any more.
    public var closing: String?
    /// What follows the rows; nothing when nil.
    public var finishes: [Finish]?

    public init(id: String, images: [String], stage: FilePath) {
        (self.id, self.images) = (id, images)
        self.stage = JSONName(stage.bytes)
        (folders, batch, proof) = ([], "", "")
    }

    private struct Document: Codable {
        var plans: [InstallPlan]
        var version: Int
    }

    public static func read(_ bytes: [UInt8]) throws(BundleError) -> InstallPlan {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let document = try? decoder.decode(Document.self, from: Data(bytes)), document.version == 1,
            document.plans.count == 1, let plan = document.plans.first
        else { throw .badPlan("it is not a plan as bundle-install(1) has it") }
        try plan.check()
        return plan
    }

    public var json: [UInt8] { JSONText.document("plans", [self]) }

    /// Names of a plan become files and folders: they must be plain.
    func check() throws(BundleError) {
        guard !id.isEmpty, id.utf8.allSatisfy({ Self.isPlain($0) }), id.first != "." else {
            throw .badPlan("'\(id)' cannot name a journal")
        }
        let folders = (made ?? []).map(\.target)
        let all =
            placements.flatMap { [$0.source, $0.target] + [$0.backup, $0.copyOf].compactMap { $0 } }
            + trees.flatMap { [$0.source, $0.target] + ($0.backup.map { [$0] } ?? []) } + self.folders + [stage]
            + (finishes ?? []).compactMap(\.record).flatMap {
                [$0.rootimgdir] + [$0.packages, $0.facts].compactMap { $0 }
            } + (finishes ?? []).compactMap(\.tree) + folders
        for name in all {
            let parts = name.bytes.split(separator: 0x2f)
            guard name.bytes.first == 0x2f, !parts.isEmpty, !parts.contains([0x2e, 0x2e]) else {
                throw .badPlan("'\(String(decoding: name.bytes, as: UTF8.self))' is no plain absolute path")
            }
        }
        let targets = placements.map(\.target) + trees.map(\.target) + folders
        guard Set(targets).count == targets.count else { throw .badPlan("two files would go to one place") }
        let backups = placements.compactMap(\.backup) + trees.compactMap(\.backup)
        guard Set(backups + targets).count == backups.count + targets.count else {
            throw .badPlan("something would go to where a copy is kept")
        }
        let sources = placements.map(\.source) + trees.map(\.source)
        guard Set(sources).count == sources.count else { throw .badPlan("one file would go to two places") }
        for tree in trees {
            let top = FilePath(bytes: tree.target.bytes)
            for other in targets + backups where other != tree.target && FilePath(bytes: other.bytes).starts(with: top)
            {
                throw .badPlan("something would go into a folder that is replaced: '\(top.printable)'")
            }
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
