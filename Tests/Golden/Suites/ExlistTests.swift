import FoundationEssentials
import Support
import SystemPackage
import TestSupport
import Testing

/// What exlist-match leaves in against what xCAT's packimage packed with the same lists.
@Suite(.scratchDirectory) struct ExlistTests {
    private struct Case: Decodable {
        var `case`: String
        var exlist: String
        var files: [String: String?]
        var archive: [String]
    }

    private static let recording = "packimage/exlist.jsonl"

    private static func cases() throws -> [Case] {
        let text = try GoldenRecord.folder.joined(recording).readText()
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Case.self, from: Data($0.utf8)) }
    }

    private func makeTree() throws -> FilePath {
        let tree = Scratch.directory.joined("rootimg")
        let make = GoldenRecord.folder.joined("packimage/mktinyroot")
        _ = try Tool(make, [Word(tree)]).output()
        // What packimage itself puts into the tree.
        for name in ["opt/xcat/xcatinfo", "opt/xcat/xcatdsklspost"] { try Scratch.write("", to: "rootimg/\(name)") }
        try tree.joined("etc/localtime").createSymbolicLink(to: "../usr/share/zoneinfo/Etc/UTC")
        return tree
    }

    @Test func `every list leaves in what xCAT packed, but for the listed differences`() throws {
        let differences = try GoldenDifferences()
        let tree = try makeTree()
        for (index, item) in try Self.cases().enumerated() {
            let place = "\(Self.recording):\(index + 1)"
            var words: [Word] = []
            for (path, text) in item.files {
                let file = Scratch.directory.joined(path)
                try file.removeFile()
                if let text { try Scratch.write(text, to: path) }
            }
            for file in item.exlist.split(separator: ",") {
                words += ["--exlist", Word(Scratch.directory.joined(String(file)))]
            }
            if !item.exlist.isEmpty { words += ["--include", "./usr/share/zoneinfo/Etc/UTC"] }
            let result = try Catboat(root: Scratch.directory).run("exlist-match", words + [Word(tree)])

            let difference = differences[place]
            func paths(_ field: String) -> [String] {
                (difference?[field] ?? "").split(separator: "\n").map(String.init)
            }
            var expected = Set(item.archive)
            expected.formUnion(paths("added"))
            expected.subtract(paths("removed"))
            let status = difference?["rc"].flatMap { Int32($0.dropLast()) } ?? 0
            let lines = status == 0 ? expected.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } : []
            #expect(result.stdout.split(separator: "\n").map(String.init) == lines, "\(place) \(item.case)")
            #expect(result.status == status, "\(place) \(item.case)")
            let told = result.stderr.replacing(Scratch.directory.printable, with: "")
            #expect(told == difference?["stderr"] ?? "", "\(place) \(item.case)")
        }
    }
}
