import Support
import Tables
import TestSupport
import Testing

/// Batches and tables as text.
@Suite struct TableTextTests {
    @Test func `a batch reads back what it writes`() throws {
        var batch = TableBatch()
        batch.expect("osimage", ["imagename": "a\tb"], ["profile": "x\\ny"])
        batch.set("osimage", ["imagename": "a\tb"], ["profile": "line\nline", "osvers": ""])
        batch.insert("site", ["key": "k"])
        batch.delete("site", ["key": "é=:"])
        batch.present("site", ["key": "k"])
        batch.absent("site", ["key": "k"])
        batch.append(.clear("policy"))
        #expect(try TableBatch(parsing: batch.bytes) == batch)
    }

    @Test func `NUL ends fields and operations without escapes`() throws {
        let text = "set\0site\0key=a\\b\0:\0value=x\ny\0\0clear\0policy\0\0"
        let batch = try TableBatch(parsing: Array(text.utf8), isNULSeparated: true)
        #expect(
            batch.operations == [
                .set("site", matches: [Cell("key", "a\\b")], values: [Cell("value", "x\ny")]), .clear("policy"),
            ])
    }

    @Test(arguments: [
        ("frob\tsite\tkey=a\n", BatchError.unknownOperation("frob", line: 1)),
        ("\n# comment\nset\tsite\n", .needsMatch("set", line: 3)),
        ("set\n", .noTable(line: 1)),
        ("set\tsite\tkey\t:\tvalue=1\n", .notAPair("key", line: 1)),
        ("expect\tsite\tkey=a\n", .needsValues("expect", line: 1)),
        ("set\tsite\tkey=\\q\n", .badText(line: 1)),
    ])
    func `a batch that is not understood names the line`(text: String, error: BatchError) {
        #expect(throws: error) { try TableBatch(parsing: Array(text.utf8)) }
    }

    @Test func `a table's text reads back, whatever its values hold`() throws {
        let schema = try TableSchema.require("site")
        let rows = [
            Row(schema, ["a", "with \"quotes\", comma\nand line", nil, nil]), Row(schema, ["b", nil, "c", "yes"]),
        ]
        let reader = try TableCSVReader(TableCSV(schema, rows).text)
        #expect(reader.columns == schema.columns && reader.problems == [])
        #expect(
            reader.records.map(\.fields) == [
                ["a", "with \"quotes\", comma\nand line", nil, nil], ["b", nil, "c", "yes"],
            ])
    }

    @Test(arguments: [
        ("#key,value\n\"a,b\n", CSVError.unmatched(line: 0, character: 0, "\"a,b")),
        ("#key,value\n\"a\"b,c\n", .unescaped(line: 0, character: 3, "\"a\"b,c")),
        ("#key,value\nx,a\"b\n", .missingOpening(line: 0, character: 3, "x,a\"b")),
    ])
    func `a bad record names line and character`(text: String, problem: CSVError) throws {
        #expect(try TableCSVReader(text).problems == [problem])
    }

    @Test func `a table without a header is refused`() {
        #expect(throws: CSVError.noHeader) { try TableCSVReader("key,value\n") }
    }

    @Test func `arbitrary bytes are read or refused, never worse`() {
        var generator = Bytes(seed: 42)
        for _ in 0..<20000 {
            let bytes = generator.next(below: 60)
            _ = try? TableBatch(parsing: bytes)
            _ = try? TableBatch(parsing: bytes, isNULSeparated: true)
            _ = try? TableCSVReader("#key,value\n" + String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test(arguments: [
        ("abc", "a%", true), ("abc", "%C", true), ("abc", "a_c", true), ("abc", "a_", false), ("", "%", true),
        ("aXbXc", "a%b%c", true), ("é", "_", true), ("abc", "b", false),
    ])
    func `=~ is LIKE`(text: String, pattern: String, holds: Bool) throws {
        let schema = try TableSchema.require("site")
        let term = try #require(TableTerm("value=~\(pattern)"))
        #expect(term.holds(for: Row(schema, ["k", text.isEmpty ? "x" : text, nil, nil])) == holds)
    }
}

/// A small generator of test input: the same bytes in every run.
private struct Bytes {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func number() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    /// Mostly bytes that the formats give a meaning to.
    mutating func next(below limit: UInt64) -> [UInt8] {
        let special = Array("set\tsite\tkey=:\\\n\"#,\r\0clearexpect".utf8)
        return (0..<(number() % limit)).map { _ in
            number() % 4 == 0 ? UInt8(truncatingIfNeeded: number()) : special[Int(number() % UInt64(special.count))]
        }
    }
}
