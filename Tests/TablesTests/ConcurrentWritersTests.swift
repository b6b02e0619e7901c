import Support
import SystemPackage
import TestSupport
import Testing

/// Many processes at once lose nothing.
@Suite(.scratchDirectory) struct ConcurrentWritersTests {
    /// How often each of the processes that run whole commands changes something; more when it is asked for.
    private var rounds: Int { Environment.current.text("CATBOAT_TEST_ROUNDS").flatMap { Int($0) } ?? 3 }
    private let writers = 16

    /// Runs all at the same time.
    private func together(_ tools: [Tool]) throws -> [Tool.Ending] {
        try tools.map { try $0.start() }.map { try $0.wait() }
    }

    @Test(arguments: StoreKind.available)
    func `sixteen processes lose none of two hundred increments each`(kind: StoreKind) throws {
        // Each of the 3200 changes is made durable: in memory that costs nothing.
        let memory = FilePath("/dev/shm/\(Scratch.directory.lastName)")
        defer { try? memory.removeTree() }
        let usesMemory = kind == .sqlite && FilePath("/dev/shm").isDirectory
        let location = usesMemory ? memory.joined("site.sqlite").printable : try kind.makeLocation()
        let worker = try FilePath("/proc/self/exe").resolved().removingLastComponent().joined("store-worker")
        let endings = try together(
            Array(repeating: Tool(worker, [Word(location), "counter", "200"]), count: writers))
        #expect(endings.allSatisfy { $0.isSuccess })
        var catboat = Catboat(root: Scratch.directory)
        catboat.environment["CATBOAT_DB"] = Word(location)
        #expect(try catboat("table-get", "site", "counter", "-c", "value").stdout == "\(writers * 200)\n")
    }

    @Test(arguments: StoreKind.available)
    func `of sixteen changes that expect the same value one is made`(kind: StoreKind) throws {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        try catboat("table-set", "site", "key=counter", "value=0")
        for round in 0..<rounds {
            let words: [Word] = ["-q", "--expect", "value=\(round)", "site", "key=counter", "value=\(round + 1)"]
            let endings = try together(Array(repeating: catboat.tool("table-set", words), count: writers))
            #expect(endings.filter { $0 == .exited(0) }.count == 1)
            #expect(endings.filter { $0 == .exited(1) }.count == writers - 1)
        }
        #expect(try catboat("table-get", "site", "counter", "-c", "value").stdout == "\(rounds)\n")
    }

    @Test(arguments: StoreKind.available)
    func `chdef -p and -m at once keep each other's items`(kind: StoreKind) throws {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        let (half, rounds) = (writers / 2, rounds)
        let names = (0..<half).flatMap { writer in (0..<rounds).map { "\(writer)x\($0)" } }
        try catboat("mkdef", "n1", "groups=all,\(names.map { "old\($0)" }.joined(separator: ","))")
        for round in 0..<rounds {
            let tools = (0..<half).flatMap { writer in
                [("-p", "new"), ("-m", "old")].map { option, prefix in
                    catboat.tool("chdef", ["n1", Word(option), "groups=\(prefix)\(writer)x\(round)"])
                }
            }
            #expect(try together(tools).allSatisfy { $0.isSuccess })
        }
        let groups = try catboat("nodels", "n1", "groups").stdout.dropFirst(4).dropLast().split(separator: ",")
        #expect(Set(groups) == Set(["all"] + names.map { "new\($0)"[...] }))
    }
}
