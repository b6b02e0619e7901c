import Support
import SystemPackage
import TestSupport
import Testing

/// nodeset's mistakes are told as xCAT tells them.
@Suite struct NodesetGoldenTests {
    @Test(.scratchDirectory) func `mistakes end as recorded`() throws {
        let cluster = try PeerCluster.base(in: Scratch.directory)
        let differences = try GoldenDifferences()
        let host = try FilePath("/proc/sys/kernel/hostname").readText().prefix { $0 != "." && $0 != "\n" }
        for record in try GoldenRecord.records(of: "mistakes/nodeset.jsonl") {
            var result = try cluster.run(record)
            // The recordings come from a management node of this name.
            result.stderr = result.stderr.replacing(" on \(host)", with: " on mgt")
            #expect(result == record.expected(differences), "\(record.place): \(record.argv)")
        }
    }
}
