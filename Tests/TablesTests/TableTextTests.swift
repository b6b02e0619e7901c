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

    @Test(arguments: [
        ([0x73, 0x65, 0x74, 0x09, 0x73, 0x0a, 0x61, 0xff] as [UInt8], false, 2),
        ([0x61, 0, 0x62, 0, 0, 0xff, 0, 0], true, 2),
    ])
    func `a batch that is not UTF-8 names the line or the operation`(text: [UInt8], isNULSeparated: Bool, line: Int) {
        #expect(throws: BatchError.badText(line: line)) {
            try TableBatch(parsing: text, isNULSeparated: isNULSeparated)
        }
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
        var generator = FuzzText(seed: 42)
        let special = Array("set\tsite\tkey=:\\\n\"#,\r\0clearexpect".utf8)
        for _ in 0..<FuzzText.count(20000) {
            let bytes = generator.bytes(of: special, below: 60)
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
