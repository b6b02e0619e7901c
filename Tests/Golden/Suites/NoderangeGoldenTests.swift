import FoundationEssentials
import Support
import SystemPackage
import TestSupport
import Testing

/// Noderanges name the nodes that they name for xCAT.
@Suite struct NoderangeGoldenTests {
    /// One expansion by xCAT's library.
    struct Expansion: Decodable {
        var range: String
        var verify: [String]?
        var missing: [String]?
        var noverify: [String]?
    }

    @Test(.scratchDirectory) func `every recorded noderange has the recorded nodes`() throws {
        let suite = "noderange/library.jsonl"
        let cluster = try PeerCluster.base(in: Scratch.directory)
        let differences = try GoldenDifferences()
        for record in try GoldenRecord.records(of: "noderange/extra-setup.jsonl") {
            #expect(try cluster.run(record) == record.expected(differences))
        }
        let expansions = try GoldenRecord.folder.joined(suite).readText().split(separator: "\n").map {
            try JSONDecoder().decode(Expansion.self, from: Data($0.utf8))
        }
        for (index, recorded) in expansions.enumerated() {
            guard let nodes = recorded.verify, let missing = recorded.missing else { continue }
            let result = try cluster.run(["noderange-expand", "--", recorded.range])
            if let difference = differences["\(suite):\(index + 1)"] {
                #expect(difference["rc"] == "\(result.status)\n" && result.stdout == "", "\(recorded.range)")
                continue
            }
            if missing.isEmpty {
                let expected = Catboat.Result(
                    status: 0, stdout: nodes.map { $0 + "\n" }.joined(), stderr: "")
                #expect(result == expected, "\(recorded.range)")
            } else {
                #expect(result.status == 1 && result.stdout == "", "\(recorded.range)")
                let told = missing.sorted().map {
                    "noderange-expand: error: neither a node nor a group: '\($0)': see nodels\n"
                }
                #expect(result.stderr == told.joined(), "\(recorded.range)")
            }
            let unverified = try cluster.run(["noderange-expand", "--no-verify", "--", recorded.range])
            #expect(unverified.stdout == (recorded.noverify ?? []).map { $0 + "\n" }.joined(), "\(recorded.range)")
        }
    }

    /// One noderange as nodels took it.
    struct Listing: Decodable {
        var range: String
        var nodes: [String]
        var rc: CInt
        var error: String
    }

    @Test(.scratchDirectory) func `nodels lists the recorded nodes`() throws {
        let suite = "noderange/noderange.jsonl"
        let cluster = try PeerCluster.base(in: Scratch.directory)
        let differences = try GoldenDifferences()
        for record in try GoldenRecord.records(of: "noderange/extra-setup.jsonl") {
            #expect(try cluster.run(record) == record.expected(differences))
        }
        let lines = try GoldenRecord.folder.joined(suite).readText().split(separator: "\n")
        for (index, line) in lines.enumerated() {
            let recorded = try JSONDecoder().decode(Listing.self, from: Data(line.utf8))
            // A range that begins with a hyphen is taken for options: the error is the usage.
            if recorded.range.hasPrefix("-") { continue }
            let error = recorded.error.replacing("[mgt]: ", with: "")
            let record = GoldenRecord(
                argv: ["nodels", recorded.range], rc: recorded.rc, stdout: recorded.nodes.map { $0 + "\n" }.joined(),
                stderr: error.isEmpty || error.hasSuffix("\n") ? error : error + "\n",
                place: "\(suite):\(index + 1)")
            #expect(try cluster.run(record) == record.expected(differences), "\(record.place)")
        }
    }
}
