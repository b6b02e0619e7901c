internal import Support
public import SystemPackage
public import Testing

#if canImport(Glibc)
    internal import Glibc
#endif

/// The scratch directory of the running test; see the trait `.scratchDirectory`.
public enum Scratch {
    @TaskLocal static var current: FilePath?

    /// An empty directory that is removed after the test.
    public static var directory: FilePath {
        guard let current else { preconditionFailure("the test needs the trait .scratchDirectory") }
        return current
    }

    /// Writes a small file below the scratch directory, creating its parents.
    @discardableResult
    public static func write(_ text: String, to name: String, permissions: UInt32 = 0o644) throws -> FilePath {
        let path = directory.joined(name)
        try path.removingLastComponent().createDirectories()
        try AtomicFile.write(text.utf8, to: path, permissions: permissions)
        return path
    }
}

/// Gives a test a directory of its own and removes it afterwards.
public struct ScratchDirectoryTrait: TestTrait, SuiteTrait, TestScoping {
    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        var template = Array("/tmp/catboat-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        try #require(made)
        let path = FilePath(bytes: template.dropLast().map { UInt8(bitPattern: $0) })
        defer { try? path.removeTree() }
        try await TestTimes.measure(test.shownName) {
            try await Scratch.$current.withValue(path) { try await function() }
        }
    }
}

extension Trait where Self == ScratchDirectoryTrait {
    /// The test runs with `Scratch.directory`.
    public static var scratchDirectory: Self { Self() }
}
