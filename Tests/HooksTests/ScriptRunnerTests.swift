import Hooks
import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.scratchDirectory) struct ScriptRunnerTests {
    private func run(
        _ body: String, limit: Duration? = nil, grace: Duration = .seconds(5), input: [UInt8] = [],
        outputLimit: Int = 16 << 20
    ) throws -> (outcome: ScriptOutcome, printed: [UInt8]) {
        let path = try Scratch.write("#!/bin/bash\n\(body)\n", to: "script", permissions: 0o755)
        let target = Scratch.directory.joined("printed")
        let file = try FileDescriptor.open(
            target, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        defer { try? file.close() }
        let script = Script(
            Tool(path), label: "s", input: input, timeLimit: limit, grace: grace, outputLimit: outputLimit)
        let outcome = try ScriptRunner(output: file).run(script)
        return (outcome, try target.readBytes(limit: 1 << 30))
    }

    /// Processes whose number the script wrote to the file `pids`, and that still run.
    private func survivors() throws -> [String] {
        try Scratch.directory.joined("pids").readText().split(separator: "\n").map(String.init).filter { pid in
            guard let state = try? FilePath("/proc/\(pid)/stat").readText().split(separator: " ")[2] else {
                return false
            }
            return state != "Z"
        }
    }

    @Test func `output in any encoding gets the label on every line`() throws {
        let (outcome, printed) = try run(#"printf 'a\n\xff\xfe\n\nno newline'; printf '' >&2"#)
        #expect(outcome.isSuccess)
        #expect(printed == Array("s: a\ns: ".utf8) + [0xff, 0xfe] + Array("\ns: \ns: no newline\n".utf8))
    }

    @Test func `a label moves no cursor`() throws {
        let path = try Scratch.write("#!/bin/sh\necho a\n", to: "script", permissions: 0o755)
        let pipe = try FileDescriptor.pipe()
        _ = try ScriptRunner(output: pipe.writeEnd).run(Script(Tool(path), label: "a\u{1b}[2J\nb"))
        try pipe.writeEnd.close()
        #expect(try pipe.readEnd.readToEnd(limit: 100, of: "pipe") == Array(#"a\x1b[2J\nb: a"#.utf8) + [0x0a])
        try pipe.readEnd.close()
    }

    @Test func `at the time limit the whole group ends, children that ignore SIGTERM too`() throws {
        let pids = Scratch.directory.joined("pids").printable
        let start = ContinuousClock.now
        let (outcome, _) = try run(
            """
            trap '' TERM
            (trap '' TERM; while :; do sleep 100; done) & echo $! >> \(pids)
            sleep 100 & echo $! >> \(pids)
            echo $$ >> \(pids)
            while :; do sleep 100; done
            """, limit: .milliseconds(300), grace: .milliseconds(300))
        #expect(outcome.cut == .timeLimit(.milliseconds(300)))
        #expect(!outcome.isSuccess)
        #expect(outcome.told == "did not end within 300 ms")
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(try survivors() == [])
    }

    @Test func `what a script leaves running in its group ends with it`() throws {
        let pids = Scratch.directory.joined("pids").printable
        let (outcome, printed) = try run("(sleep 100; echo late) & echo $! >> \(pids); echo done")
        #expect(outcome.isSuccess)
        #expect(printed == Array("s: done\n".utf8))
        #expect(try survivors() == [])
    }

    @Test func `a process that left the group and holds the output does not hold us`() throws {
        let pids = Scratch.directory.joined("pids").printable
        let start = ContinuousClock.now
        let (outcome, _) = try run("setsid sleep 30 & echo $! >> \(pids); exit 4")
        #expect(outcome.ending == .exited(4))
        #expect(ContinuousClock.now - start < .seconds(20))
        for pid in try survivors() { kill(pid_t(pid) ?? 0, SIGKILL) }
    }

    @Test func `closing its output or not reading its input does no harm`() throws {
        let input = [UInt8](repeating: 0x61, count: 4 << 20)
        let (closed, _) = try run("exec >&- 2>&-; exit 5", input: input)
        #expect(closed.ending == .exited(5))
        let (reader, printed) = try run("wc -c", input: input)
        #expect(reader.isSuccess)
        #expect(printed == Array("s: 4194304\n".utf8))
    }

    @Test func `endless output is read but not passed on without end`() throws {
        let (outcome, printed) = try run("yes | head -c 50000000; exit 7", outputLimit: 10_000)
        #expect(outcome.ending == .exited(7))
        #expect(outcome.outputSize == 50_000_000)
        #expect(printed.count < 40_000)
        #expect(String(decoding: printed.suffix(60), as: UTF8.self).hasSuffix("s: (further output is not shown)\n"))
        let (line, broken) = try run("head -c 20000 /dev/zero | tr '\\0' x")
        #expect(line.isSuccess)
        #expect(broken.split(separator: 0x0a).map(\.count) == [8195, 8195, 20000 - 16384 + 3])
    }

    @Test func `a script ended by a signal says so`() throws {
        let (outcome, _) = try run("kill -9 $$")
        #expect(outcome.ending == .signaled(9))
        #expect(outcome.told == "was ended by signal 9")
    }

    @Test(arguments: ["90": 90, "90s": 90, "15m": 900, "2h": 7200])
    func `time limits are seconds, minutes or hours`(text: String, seconds: Int) throws {
        #expect(TimeLimit.parse(text) == .some(.seconds(seconds)))
    }

    @Test func `zero is no limit and other words are not understood`() throws {
        #expect(TimeLimit.parse("0") == .some(nil))
        for text in ["", "s", "-1", "1d", "1.5", "99999999"] { #expect(TimeLimit.parse(text) == nil) }
    }
}
