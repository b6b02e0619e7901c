import Support
import SystemPackage
import TestSupport
import Testing

@Suite struct ToolTests {
    @Test func `both streams are captured and the status is a result`() throws {
        let captured = try Tool("sh", ["-c", "cat; echo bad >&2; exit 3"]).capture(input: Array("fed".utf8))
        #expect(captured.text == "fed")
        #expect(String(decoding: captured.errors, as: UTF8.self) == "bad\n")
        #expect(captured.ending == .exited(3))
    }

    @Test func `a failing program names itself, its status and its last lines`() {
        do throws(ToolError) {
            _ = try Tool("sh", ["-c", "echo one >&2; echo two >&2; exit 9"]).output()
            Issue.record("no error")
        } catch {
            #expect(
                error.description
                    == "program exited with status 9: 'sh -c 'echo one >&2; echo two >&2; exit 9'': one\ntwo")
        }
    }

    @Test func `more output than fits a pipe does not stop the program`() throws {
        let captured = try Tool("head", ["-c", "3000000", "/dev/zero"]).capture()
        #expect(captured.output.count == 3_000_000)
    }

    @Test func `output above the limit ends the program`() {
        #expect(throws: ToolError.tooMuchOutput("head", limit: 1000)) {
            try Tool("head", ["-c", "3000000", "/dev/zero"]).capture(limit: 1000)
        }
    }

    @Test(.scratchDirectory) func `the child has exactly the listed descriptors`() throws {
        let file = try FileDescriptor.open(Scratch.write("hello", to: "f"), .readOnly)
        defer { try? file.close() }
        // Without a pipe, which the shell would have open for a moment itself.
        var tool = Tool("sh", ["-c", "cat /proc/self/fd/20; ls /proc/$$/fd; true"])
        tool.descriptors[20] = file
        #expect(try tool.output().text == "hello0\n1\n2\n20\n")
    }

    @Test func `words keep bytes that are not UTF-8`() throws {
        let word = Word(bytes: [0x61, 0xff, 0x0a, 0x62])
        #expect(try Tool("printf", ["%s", word]).output().output == word.bytes)
        #expect(Word("it's").shellQuoted == Array(#"'it'\''s'"#.utf8))
    }
}
