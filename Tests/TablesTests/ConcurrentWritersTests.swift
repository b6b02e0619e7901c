import Support
import SystemPackage
import TestSupport
import Testing

/// Many processes at once lose nothing.
@Suite(.scratchDirectory) struct ConcurrentWritersTests {
    @Test func `increments with an expectation are all counted`() async throws {
        let catboat = Catboat(root: Scratch.directory)
        try catboat("table-set", "site", "key=counter", "value=0")
        let (workers, rounds) = (8, 10)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workers {
                group.addTask {
                    for _ in 0..<rounds {
                        var isDone = false
                        while !isDone {
                            let value = try catboat("table-get", "site", "counter", "-c", "value").stdout.dropLast()
                            let next = try #require(Int(value)) + 1
                            let result = try catboat(
                                "table-set", "-q", "--expect", "value=\(value)", "site", "key=counter", "value=\(next)")
                            #expect([0, 1].contains(result.status), "\(result.stderr)")
                            isDone = result.status == 0
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try catboat("table-get", "site", "counter", "-c", "value").stdout == "\(workers * rounds)\n")
    }

    @Test func `chdef -p and -m at once keep each other's items`() async throws {
        let catboat = Catboat(root: Scratch.directory)
        try catboat("mkdef", "n1", "groups=all,\((0..<6).map { "old\($0)" }.joined(separator: ","))")
        try await withThrowingTaskGroup(of: Catboat.Result.self) { group in
            for index in 0..<6 {
                group.addTask { try catboat("chdef", "n1", "-p", "groups=new\(index)") }
                group.addTask { try catboat("chdef", "n1", "-m", "groups=old\(index)") }
            }
            for try await result in group { #expect(result.status == 0, "\(result.stderr)") }
        }
        let groups = try catboat("nodels", "n1", "groups").stdout.dropFirst(4).dropLast().split(separator: ",")
        #expect(Set(groups) == Set(["all"] + (0..<6).map { "new\($0)"[...] }))
    }
}
