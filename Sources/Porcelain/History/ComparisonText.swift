internal import CommandShell
internal import Support

/// Changes of an image for people: the recipe as a patch, the result as lists.
struct ComparisonText {
    /// So many entries of the tree are shown; the rest is counted.
    private static let shownPaths = 40

    private let changes: [HistoryAnswers.Change]

    init(_ changes: [HistoryAnswers.Change]) { self.changes = changes }

    private func level(_ name: String) -> [HistoryAnswers.Change] { changes.filter { $0.level == name } }

    /// - Parameter patch: of stanza and lists, as plumbing made it.
    func print(patch: [UInt8]) throws {
        if !patch.isEmpty { try Console.write(patch) }
        try section("Files known by digest only", level("file").filter { isByDigest($0) }) { $0.name.shown }
        try section("Packages", level("package"), package)
        try paths()
        try section("Build", level("build")) { change in
            "\(change.name.shown): \(change.old?.shown ?? "-") -> \(change.new?.shown ?? "-")"
        }
        try section("Digests", level("digest")) { change in
            "\(change.name.shown): \(Self.short(change.old)) -> \(Self.short(change.new))"
        }
    }

    private func isByDigest(_ change: HistoryAnswers.Change) -> Bool {
        [change.old, change.new].compactMap { $0?.shown }.contains { $0.hasSuffix(" digest") }
    }

    private func package(_ change: HistoryAnswers.Change) -> String {
        switch change.status {
        case "A": "+ \(change.name.shown) \(change.new?.shown ?? "")"
        case "D": "- \(change.name.shown) \(change.old?.shown ?? "")"
        default: "~ \(change.name.shown) \(change.old?.shown ?? "") -> \(change.new?.shown ?? "")"
        }
    }

    private func paths() throws {
        let paths = level("path")
        guard !paths.isEmpty else { return }
        let counts = ["A", "D", "M"].map { status in paths.count { $0.status == status } }
        let bytes = paths.reduce(into: Int64(0)) { $0 += Self.size($1.new) - Self.size($1.old) }
        try Console.print(
            "Tree: \(counts[0]) added, \(counts[1]) removed, \(counts[2]) changed, \(bytes < 0 ? "" : "+")\(bytes) bytes"
        )
        for change in paths.prefix(Self.shownPaths) { try Console.print("  \(change.status) \(change.name.shown)") }
        if paths.count > Self.shownPaths {
            try Console.print("  and \(paths.count - Self.shownPaths) more; see --porcelain=v1")
        }
    }

    /// Bytes of a regular file in a record of the listing, whose fields blanks separate: type, mode, owner, group, size …
    private static func size(_ record: JSONName?) -> Int64 {
        let fields = record?.bytes.split(separator: 0x20, maxSplits: 5, omittingEmptySubsequences: false) ?? []
        guard fields.count > 4, fields[0].elementsEqual("f".utf8) else { return 0 }
        return Int64(String(decoding: fields[4], as: UTF8.self)) ?? 0
    }

    private func section(
        _ title: String, _ changes: [HistoryAnswers.Change], _ line: (HistoryAnswers.Change) -> String
    ) throws {
        guard !changes.isEmpty else { return }
        try Console.print("\(title):")
        for change in changes { try Console.print("  \(line(change))") }
    }

    private static func short(_ digest: JSONName?) -> String { digest.map { String($0.shown.prefix(19)) } ?? "-" }
}
