import Support
import SystemPackage
import TestSupport
import Testing

/// copycds against what xCAT printed for the same medium and the same mistakes.
@Suite(.scratchDirectory) struct CopycdsTests {
    /// Runs the recorded commands one after the other; the scratch directory stands for `/`.
    private func replay(_ recording: String) throws {
        let differences = try GoldenDifferences()
        let root = Scratch.directory
        let catboat = Catboat(root: root)
        for record in try GoldenRecord.records(of: recording) {
            let result: Catboat.Result
            if record.argv[0] == "ls" {
                let names = try root.joined(FilePath(record.argv[1])).directoryNames()
                result = .init(status: 0, stdout: names.map { "\($0)\n" }.joined(), stderr: "")
            } else {
                let words = record.argv.dropFirst().map { word in
                    Word(word.hasPrefix("/root") ? root.joined(word).printable : word)
                }
                var tool = catboat.tool(record.argv[0], words)
                tool.directory = root
                result = Self.result(try tool.capture(), without: root)
            }
            #expect(result == record.expected(differences), "\(record.place): \(record.argv)")
        }
    }

    private static func result(_ captured: Tool.Captured, without root: FilePath) -> Catboat.Result {
        var status: Int32 = -1
        if case .exited(let code) = captured.ending { status = code }
        func plain(_ bytes: [UInt8]) -> String {
            String(decoding: bytes, as: UTF8.self).replacing(root.printable, with: "")
        }
        return .init(status: status, stdout: plain(captured.output), stderr: plain(captured.errors))
    }

    @Test func `a Debian medium gives the same messages, files and definitions`() throws {
        try Scratch.directory.joined("root").createDirectories()
        try TinyMedium.make("root/debian.iso", "--version", "12.15.0")
        try replay("copycds/commands.jsonl")
    }

    @Test func `mistakes are told in the same words`() throws {
        try Scratch.write("name,value\n", to: "root/good.csv")
        try replay("mistakes/copycds.jsonl")
    }
}
