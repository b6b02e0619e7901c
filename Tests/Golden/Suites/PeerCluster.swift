import Support
import SystemPackage
import Tables
import TestSupport

/// A store in one of the states that the recordings start from; its root stands for `/`.
struct PeerCluster {
    let catboat: Catboat
    private let root: FilePath
    private let differences: GoldenDifferences

    private init(_ root: FilePath, _ kind: StoreKind) throws {
        self.root = root
        catboat = try Catboat(root: root).using(kind)
        differences = try GoldenDifferences()
        try layOutFiles()
    }

    /// The tables right after xCAT's own set-up.
    static func fresh(in root: FilePath, _ kind: StoreKind = .sqlite) throws -> PeerCluster {
        let cluster = try PeerCluster(root, kind)
        var batch = TableBatch()
        for name in try GoldenRecord.folder.joined("tabdump/initial").directoryNames() {
            let table = String(name.printable.dropFirst("tabdump-".count).dropLast(".csv".count))
            let rows = try TableCSVReader.rows(
                try GoldenRecord.folder.joined("tabdump/initial").joined(name).readText())
            for row in rows.dropFirst() {
                batch.append(
                    .insert(table, values: zip(rows[0], row).filter { !$0.1.isEmpty }.map { Cell($0.0, $0.1) }))
            }
        }
        let result = try cluster.catboat.run("table-set", ["--stdin"], input: batch.bytes)
        guard result.status == 0 else { throw Failure(result: result) }
        return cluster
    }

    /// Fresh, with the images, nodes and groups of the recordings.
    static func base(in root: FilePath, _ kind: StoreKind = .sqlite) throws -> PeerCluster {
        let cluster = try fresh(in: root, kind)
        for record in try GoldenRecord.records(of: "setup.jsonl") {
            let result = try cluster.run(record)
            guard result == record.expected(cluster.differences) else { throw Failure(result: result) }
        }
        return cluster
    }

    struct Failure: Error { var result: Catboat.Result }

    /// The files that the recorded commands name below /root.
    private func layOutFiles() throws {
        let home = root.joined("root")
        try home.joined("t").createDirectories()
        let inputs = GoldenRecord.folder.joined("inputs")
        try AtomicFile.write(try inputs.joined("nodes.list").readBytes(), to: home.joined("nodes.list"))
        for name in try inputs.joined("tabrestore").directoryNames() {
            let bytes = try inputs.joined("tabrestore").joined(name).joined("site.csv").readBytes()
            try home.joined("t").joined(name).createDirectories()
            try AtomicFile.write(bytes, to: home.joined("t").joined(name).joined("site.csv"))
            try AtomicFile.write(bytes, to: home.joined("\(name.printable).csv"))
        }
    }

    /// Runs a recorded command; a recorded pipeline runs one command after the other.
    func run(_ record: GoldenRecord) throws -> Catboat.Result {
        if record.argv.first == "sh", let line = record.argv.last {
            var result = Catboat.Result(status: 0, stdout: "", stderr: "")
            for command in line.split(separator: "|") {
                let words = command.split(separator: " ").map(String.init)
                result = try run(words, input: result.stdout)
            }
            return comparable(result)
        }
        return comparable(try run(record.argv, input: record.stdin ?? ""))
    }

    func run(_ words: [String], input: String = "") throws -> Catboat.Result {
        let home = root.joined("root/").printable
        let here = words.dropFirst().map { Word($0.replacing("/root/", with: home + "/")) }
        return try catboat.run(words[0], Array(here), input: Array(input.utf8))
    }

    /// In the form of the recordings: usage texts elided, our `hint:` lines left out, files below `/`.
    private func comparable(_ result: Catboat.Result) -> Catboat.Result {
        var result = result
        if let usage = result.stdout.firstRange(of: "OVERVIEW: ") {
            result.stdout = result.stdout[..<usage.lowerBound] + "<usage text>\n"
        }
        result.stdout = result.stdout.replacing(root.printable, with: "")
        result.stderr = result.stderr.replacing(root.printable, with: "")
            .split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("hint: ") }.joined(separator: "\n")
        return result
    }

    /// Runs the recorded commands one after the other and tells where we differ without having said so.
    func replay(_ suite: String, only verbs: Set<String>? = nil) throws -> [String] {
        var problems: [String] = []
        for record in try GoldenRecord.records(of: suite) {
            if let verbs, !verbs.contains(record.argv[0]), record.argv[0] != "sh" { continue }
            let result = try run(record)
            let told = "\(record.place): \(record.argv.joined(separator: " "))"
            if result != record.expected(differences) {
                problems.append("\(told): got \(result), expected \(record.expected(differences))")
            } else if let difference = differences[record.place], result == recorded(record) {
                problems.append("\(told): does not differ any more: \(difference["why"] ?? "")")
            }
            // After a difference the recorded state is brought about, so that the following lines can be compared.
            for command in (differences[record.place]?["restore"] ?? "").split(separator: "\n") {
                _ = try run(command.split(separator: " ").map(String.init))
            }
        }
        return problems
    }

    private func recorded(_ record: GoldenRecord) -> Catboat.Result {
        record.expected(GoldenDifferences(text: ""))
    }
}
