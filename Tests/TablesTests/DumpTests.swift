import Support
import SystemPackage
import Tables
import TestSupport
import Testing

/// What is dumped and restored is the same store.
@Suite(.scratchDirectory) struct DumpTests {
    private static let pieces =
        "ab1 ,\"'#;=:|$/\\\n\t\r-".map { String($0) } + ["é", "e\u{301}", "\u{1F600}", "NULL", "\"\"", "\r\n", " \n"]

    /// Rows of every table, with keys and values of all sorts.
    private func generated(_ seed: Int) throws -> TableBatch {
        var generator = FuzzText(seed: UInt64(seed))
        var batch = TableBatch()
        for schema in TableSchema.all {
            for row in 0..<generator.number(below: 6) {
                let cells = schema.columns.compactMap { column -> Cell? in
                    if schema.keys.contains(column) {
                        let more = schema.isNumbered ? "" : generator.text(of: Self.pieces, below: 6)
                        return Cell(column, "\(row * 3 + 1)" + Self.line(more))
                    }
                    var text = generator.number(below: 3) == 0 ? "" : generator.text(of: Self.pieces, below: 12)
                    if column == "groups" { text = Self.line(text) }
                    return text.isEmpty ? nil : Cell(column, text)
                }
                batch.append(.insert(schema.name, values: cells))
            }
        }
        return batch
    }

    /// Keys and lists of groups have no line ends and tabs.
    private static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 }))
    }

    private func files(_ folder: FilePath) throws -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for name in try folder.directoryNames() { result[name.printable] = try folder.joined(name).readBytes() }
        return result
    }

    @Test(arguments: StoreKind.available, 1...3)
    func `a generated store is the same after dump and restore`(kind: StoreKind, seed: Int) throws {
        let root = Scratch.directory.joined("root")
        try root.createDirectories()
        let name = "\(kind)\(seed)"
        let (one, two) = (
            try Catboat(root: root).storing(in: kind.makeLocation("\(name)one")),
            try Catboat(root: root).storing(in: kind.makeLocation("\(name)two"))
        )
        let made = try one.run("table-set", ["--stdin"], input: generated(seed).bytes)
        #expect(made.status == 0, "\(made.stderr)")
        let (first, second) = (Scratch.directory.joined("\(name)1"), Scratch.directory.joined("\(name)2"))
        #expect(try one("dumpxCATdb", "-a", "-p", Word(first)).status == 0)
        let restored = try two("restorexCATdb", "-a", "-p", Word(first))
        #expect(restored.status == 0, "\(restored.stderr)")
        #expect(try two("dumpxCATdb", "-a", "-p", Word(second)).status == 0)
        #expect(try files(first) == files(second))
    }

    @Test(arguments: StoreKind.available, StoreKind.available)
    func `migration copies every row`(source: StoreKind, target: StoreKind) throws {
        let root = Scratch.directory.joined("root")
        try root.createDirectories()
        let name = "\(source)\(target)"
        let from = try source.makeLocation("\(name)from")
        let to = try target.makeLocation("\(name)to")
        let (one, two) = (Catboat(root: root).storing(in: from), Catboat(root: root).storing(in: to))
        #expect(try one.run("table-set", ["--stdin"], input: generated(9).bytes).status == 0)
        let moved = try one("db", "migrate", Word(from), Word(to))
        #expect(moved.status == 0 && moved.stdout.hasPrefix("copied "), "\(moved)")
        let (first, second) = (Scratch.directory.joined("\(name)1"), Scratch.directory.joined("\(name)2"))
        #expect(try one("dumpxCATdb", "-a", "-p", Word(first)).status == 0)
        #expect(try two("dumpxCATdb", "-a", "-p", Word(second)).status == 0)
        #expect(try files(first) == files(second))
        // Numbers of logs go on behind those that came along.
        #expect(try two("table-set", "--stdin", input: "insert\tauditlog\tcommand=x\n").status == 0)
        let refused = try one("db", "migrate", Word(from), Word(to))
        #expect(refused.status == 128 && refused.stderr.contains("already"), "\(refused)")
        #expect(try one("db", "migrate", "--replace", Word(from), Word(to)).status == 0)
    }

    @Test func `the trace of a migration has no password`() throws {
        var catboat = Catboat(root: Scratch.directory)
        catboat.environment["CATBOAT_TRACE"] = "1"
        let target = "postgresql://me:hush@/nosuch?host=\(Scratch.directory.printable)"
        try #require(try catboat("table-set", "site", "key=x", "value=y").status == 0)
        let source = Scratch.directory.joined("etc/catboat/site.sqlite")
        let result = try catboat("db", "migrate", "--replace", Word(source), Word(target))
        #expect(result.status != 0)
        #expect(result.stderr.contains("CATBOAT_DB='postgresql://me:***@/nosuch"), "\(result.stderr)")
        #expect(!result.stderr.contains("hush"))
    }

    @Test func `migration needs two stores`() throws {
        let catboat = Catboat(root: Scratch.directory)
        #expect(try catboat("db", "migrate", "/nonexistent", "/tmp/x").status == 128)
        #expect(try catboat("db", "frob", "a", "b").status == 129)
        let url: Word = "postgresql://me:secret@localhost:1/x"
        let result = try catboat("db", "migrate", url, "/tmp/x")
        #expect(
            result.status == 128 && result.stderr.contains("me:***@localhost:1") && !result.stderr.contains("secret"))
    }
}
