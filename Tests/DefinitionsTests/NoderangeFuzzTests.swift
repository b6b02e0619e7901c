import Definitions
import Settings
import Support
import SystemPackage
import Tables
import TestSupport
import Testing

/// Noderanges of any text are answered or refused within bounds.
@Suite(.scratchDirectory) struct NoderangeFuzzTests {
    @Test func `arbitrary noderanges give sorted names or an error`() throws {
        let location = StoreLocation(Scratch.directory.joined("site.sqlite").printable)
        var batch = TableBatch()
        for index in 1...9 { batch.set("nodelist", ["node": "n\(index)"], ["groups": "all,g\(index % 2)"]) }
        batch.set("nodegroup", ["groupname": "dyn"], ["grouptype": "dynamic", "wherevals": "groups=~g1"])
        try location.writer().apply(batch)
        let settings = Settings(
            root: RootFolder(Scratch.directory), overrides: [], execPath: "/nonexistent", dataFolder: "/nonexistent")
        let cluster = Cluster(try location.reader(), settings: settings)
        cluster.prepare(forObjects: 1000)
        var generator = FuzzText(seed: 7)
        let pieces =
            "n1239-:+,@()[]/^=~!.*|\\'\" $".map { String($0) } + [
                "n1", "n9", "all", "g1", "dyn", "nodelist.groups", "é",
            ]
        var answered = 0
        for _ in 0..<FuzzText.count(20000) {
            let range = generator.text(of: pieces, below: 14)
            for verifies in [true, false] {
                guard let names = try? verifies ? cluster.nodes(in: range) : cluster.names(in: range) else { continue }
                answered += 1
                #expect(names == Set(names).sortedByBytes() && names.count <= 1 << 19, "\(range)")
            }
        }
        #expect(answered > 1000)
    }

    @Test(arguments: [
        "n1-n99999999999999999999", "n[1-999999999]", "n1+999999999", "n[1-9][1-9999999]", "n1-n262145,m1-m262145",
    ])
    func `a range of too many names is refused`(range: String) throws {
        let settings = Settings(
            root: RootFolder(Scratch.directory), overrides: [], execPath: "/nonexistent", dataFolder: "/nonexistent")
        let cluster = Cluster(
            try StoreLocation(Scratch.directory.joined("none").printable).reader(), settings: settings)
        #expect(throws: NoderangeError.self) { try cluster.names(in: range) }
    }

    @Test func `a range of many brackets or elements is answered or refused at once`() throws {
        let settings = Settings(
            root: RootFolder(Scratch.directory), overrides: [], execPath: "/nonexistent", dataFolder: "/nonexistent")
        let cluster = Cluster(
            try StoreLocation(Scratch.directory.joined("none").printable).reader(), settings: settings)
        let open = String(repeating: "[", count: 1 << 20)
        #expect(try cluster.names(in: open) == [open])
        #expect(throws: NoderangeError.tooLarge(limit: 1 << 18)) {
            try cluster.names(in: String(repeating: "a,", count: 1 << 20))
        }
        #expect(throws: NoderangeError.tooLarge(limit: 1 << 18)) {
            try cluster.names(in: String(repeating: "a", count: 1 << 23))
        }
    }

    @Test func `depth of parentheses is bounded`() throws {
        let settings = Settings(
            root: RootFolder(Scratch.directory), overrides: [], execPath: "/nonexistent", dataFolder: "/nonexistent")
        let cluster = Cluster(
            try StoreLocation(Scratch.directory.joined("none").printable).reader(), settings: settings)
        let range = String(repeating: "(", count: 20000) + "n1" + String(repeating: ")", count: 20000)
        #expect(throws: NoderangeError.self) { try cluster.names(in: range) }
    }
}
