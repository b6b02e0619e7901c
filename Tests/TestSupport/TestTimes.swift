internal import Support
internal import SystemPackage
public import Testing

/// How long tests take themselves, without the time that they wait for their turn: Swift Testing counts both.
public enum TestTimes {
    /// Runs `body` and adds a line, its seconds and `name`, to the file that `CATBOAT_TEST_TIMES` names.
    public static func measure<Value>(_ name: String, _ body: () async throws -> Value) async rethrows -> Value {
        let start = ContinuousClock.now
        defer { add(name, ContinuousClock.now - start) }
        return try await body()
    }

    private static func add(_ name: String, _ duration: Duration) {
        guard let path = Environment.current.text("CATBOAT_TEST_TIMES") else { return }
        let milliseconds = Int(duration / .milliseconds(1))
        let line = "\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst()) \(name)\n"
        guard
            let file = try? FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite])
        else { return }
        // One write: tests run side by side.
        _ = try? file.closeAfter { try file.writeAll(Array(line.utf8)) }
    }
}

/// Measures each test of a suite whose tests share what they need; `.scratchDirectory` measures its own.
public struct TimedTrait: TestTrait, SuiteTrait, TestScoping {
    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await TestTimes.measure(test.shownName) { try await function() }
    }
}

extension Trait where Self == TimedTrait {
    /// The tests' times are in the list of the slowest.
    public static var timed: Self { Self() }
}

extension Test {
    /// The words of a raw identifier.
    var shownName: String { displayName ?? name.filter { $0 != "`" } }
}
