import Support
import SystemPackage
import TestSupport
import Testing

/// The object commands print what xCAT's print.
@Suite struct DefinitionGoldenTests {
    @Test(.scratchDirectory, arguments: StoreKind.available)
    func `the recorded set-up makes the recorded tables`(kind: StoreKind) throws {
        let cluster = try PeerCluster.base(in: Scratch.directory, kind)
        for name in try GoldenRecord.folder.joined("tabdump/after-setup").directoryNames() {
            let table = String(name.printable.dropFirst("tabdump-".count).dropLast(".csv".count))
            let recorded = try GoldenRecord.folder.joined("tabdump/after-setup").joined(name).readText()
            let result = try cluster.catboat("tabdump", Word(table))
            #expect(result == Catboat.Result(status: 0, stdout: recorded, stderr: ""))
        }
    }

    @Test(.scratchDirectory, arguments: StoreKind.available)
    func `every recorded lsdef prints the recorded text`(kind: StoreKind) throws {
        let problems = try PeerCluster.base(in: Scratch.directory, kind).replay("lsdef/lsdef.jsonl")
        #expect(problems == [])
    }

    @Test(.scratchDirectory, arguments: StoreKind.available)
    func `mistakes and changes of definitions end as recorded`(kind: StoreKind) throws {
        let problems = try PeerCluster.base(in: Scratch.directory, kind).replay("mistakes/definitions.jsonl")
        #expect(problems == [])
    }

    @Test(.scratchDirectory, arguments: StoreKind.available)
    func `commands without the daemon end as recorded`(kind: StoreKind) throws {
        let problems = try PeerCluster.base(in: Scratch.directory, kind).replay(
            "mistakes/bypass.jsonl", only: ["lsdef", "mkdef", "chdef", "rmdef", "tabdump"])
        #expect(problems == [])
    }
}
