import Support
import SystemPackage
import TestSupport
import Testing

/// catboat-setattr, which restores attributes in the initramfs of a node.
@Suite(.scratchDirectory) struct SetattrTests {
    private func restore(_ list: String) throws -> Tool.Captured {
        try Tool(Catboat.execPath.joined("catboat-setattr"), [Word(Scratch.directory)]).capture(input: Array(list.utf8))
    }

    /// By Python, so that the outside reads what we wrote.
    private func attribute(_ name: String, of file: String) throws -> String {
        let script = "import os,sys; print(os.getxattr(sys.argv[1], sys.argv[2], follow_symlinks=False).hex())"
        let path = Scratch.directory.joined(file)
        return String(try Tool("python3", ["-c", Word(script), Word(path), Word(name)]).output().text.dropLast())
    }

    @Test func `values may be text, hexadecimal or base64`() throws {
        try Scratch.write("", to: "a b")
        try Scratch.write("", to: "d/c")
        let result = try restore(
            #"""
            # file: a\040b
            user.base64=0sAP8B
            user.hex=0x00fF01
            user.text="x\012\"y\""

            # file: d/c
            user.empty=""

            """#)
        #expect(result.ending == .exited(0))
        #expect(try attribute("user.base64", of: "a b") == "00ff01")
        #expect(try attribute("user.hex", of: "a b") == "00ff01")
        #expect(try attribute("user.text", of: "a b") == "780a227922")
        #expect(try attribute("user.empty", of: "d/c") == "")
    }

    @Test func `a file that is not there is named, and the others are done`() throws {
        try Scratch.write("", to: "b")
        let result = try restore("# file: a\nuser.x=0x01\n\n# file: b\nuser.x=0x02\n\n")
        #expect(result.ending == .exited(1))
        #expect(String(decoding: result.errors, as: UTF8.self) == "a: user.x: No such file or directory\n")
        #expect(try attribute("user.x", of: "b") == "02")
    }

    @Test(arguments: ["/etc/passwd", "../x", "a/../../x", "a/..", ""])
    func `a name that leaves the root is refused`(name: String) throws {
        #expect(try restore("# file: \(name)\nuser.x=0x01\n").ending == .exited(128))
    }

    @Test(arguments: ["user.x=0x1", "user.x=0s?", "novalue"]) func `a malformed line is refused`(line: String) throws {
        try Scratch.write("", to: "a")
        #expect(try restore("# file: a\n\(line)\n").ending == .exited(128))
    }
}
