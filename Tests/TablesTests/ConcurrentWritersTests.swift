import Support
import SystemPackage
import TestSupport
import Testing

/// Many processes at once lose nothing.
@Suite(.scratchDirectory) struct ConcurrentWritersTests {
    private let writers = 16
    /// Changes of each.
    private let count = 200

    /// Where a store is made durable at no cost: 3200 changes would take the disk minutes.
    private func withMemory<Result>(_ kind: StoreKind, _ body: (_ location: String) throws -> Result) throws -> Result {
        let memory = FilePath("/dev/shm/\(Scratch.directory.lastName)")
        defer { try? memory.removeTree() }
        let usesMemory = kind == .sqlite && FilePath("/dev/shm").isDirectory
        return try body(usesMemory ? memory.joined("site.sqlite").printable : kind.makeLocation())
    }

    /// Runs all at the same time.
    private func together(_ tools: [Tool], errors: Tool.Stream = .inherited) throws -> [Tool.Ending] {
        try tools.map { try $0.start(errors: errors) }.map { try $0.wait() }
    }

    @Test(arguments: StoreKind.available)
    func `sixteen processes lose none of two hundred increments each`(kind: StoreKind) throws {
        let worker = try FilePath("/proc/self/exe").resolved().removingLastComponent().joined("store-worker")
        try withMemory(kind) { location in
            let words: [Word] = [Word(location), "counter", Word("\(count)")]
            let endings = try together(Array(repeating: Tool(worker, words), count: writers))
            #expect(endings.allSatisfy { $0.isSuccess })
            let catboat = Catboat(root: Scratch.directory).storing(in: location)
            #expect(try catboat("table-get", "site", "counter", "-c", "value").stdout == "\(writers * count)\n")
        }
    }

    @Test(arguments: StoreKind.available)
    func `of sixteen changes that expect the same value one is made`(kind: StoreKind) throws {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        try catboat("table-set", "site", "key=counter", "value=0")
        for round in 0..<3 {
            let words: [Word] = ["-q", "--expect", "value=\(round)", "site", "key=counter", "value=\(round + 1)"]
            let endings = try together(Array(repeating: catboat.tool("table-set", words), count: writers))
            #expect(endings.filter { $0 == .exited(0) }.count == 1)
            #expect(endings.filter { $0 == .exited(1) }.count == writers - 1)
        }
        #expect(try catboat("table-get", "site", "counter", "-c", "value").stdout == "3\n")
    }

    @Test(arguments: StoreKind.available)
    func `of two hundred chdef -p or -m in each of sixteen shells none is lost`(kind: StoreKind) throws {
        try withMemory(kind) { location in
            let catboat = Catboat(root: Scratch.directory).storing(in: location)
            let writers = (0..<self.writers / 2).map { "\($0)x" }
            let names = writers.flatMap { writer in (0..<count).map { "\(writer)\($0)" } }
            let old = names.map { "old\($0)" }.joined(separator: ",")
            try #require(try catboat("mkdef", "n1", "groups=all", Word("postscripts=first,\(old)")).status == 0)
            // The words are those of the command line up to the list, to which the number is added.
            let script = "n=0; while [ $n -lt \(count) ]; do \"$@\"$n >&2 || exit 1; n=$((n + 1)); done"
            let endings = try together(
                writers.flatMap { writer in
                    [("-p", "new"), ("-m", "old")].map { option, prefix in
                        let chdef = catboat.tool("chdef", ["n1", Word(option), Word("postscripts=\(prefix)\(writer)")])
                        // A minute of work for sixteen, which must leave something to the other tests.
                        let words: [Word] = ["-n", "4", "sh", "-c", Word(script), "sh", Word(chdef.program)]
                        return Tool("nice", words + chdef.words, environment: chdef.environment)
                    }
                }, errors: .null)
            #expect(endings.allSatisfy { $0.isSuccess })
            let left = try catboat("table-get", "postscripts", "n1", "-c", "postscripts").stdout.dropLast()
                .split(separator: ",")
            #expect(left.count == 1 + names.count)
            #expect(Set(left) == Set(["first"] + names.map { "new\($0)"[...] }))
        }
    }
}
