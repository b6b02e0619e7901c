import FoundationEssentials
import Support
import TestSupport
import Testing

/// The table and node commands print what xCAT's print.
@Suite struct TableGoldenTests {
    @Test(.scratchDirectory, arguments: StoreKind.available)
    func `table and node commands end as recorded`(kind: StoreKind) throws {
        let problems = try PeerCluster.base(in: Scratch.directory, kind).replay("mistakes/tables.jsonl")
        #expect(problems == [])
    }

    @Test(.scratchDirectory, arguments: StoreKind.available)
    func `dumps are restored and stanzas read back as recorded`(kind: StoreKind) throws {
        let problems = try PeerCluster.base(in: Scratch.directory, kind).replay("mistakes/more.jsonl")
        #expect(problems == [])
    }

    @Test(.scratchDirectory, arguments: StoreKind.available)
    func `every table has the recorded header`(kind: StoreKind) throws {
        struct Header: Decodable {
            var table: String
            var columns: [String]
        }
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        let headers = try GoldenRecord.folder.joined("tabdump/headers.jsonl").readText().split(separator: "\n").map {
            try JSONDecoder().decode(Header.self, from: Data($0.utf8))
        }
        let names = try catboat("tabdump")
        #expect(names.stdout == headers.map { $0.table + "\n" }.joined())
        for header in headers {
            let result = try catboat("tabdump", Word(header.table))
            #expect(result.stdout == "#\(header.columns.joined(separator: ","))\n", "\(header.table)")
        }
    }
}
