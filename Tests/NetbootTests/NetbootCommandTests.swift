import Support
import SystemPackage
import TestSupport
import Testing

/// The contracts of bootcfg-write and image-publish as processes.
@Suite(.scratchDirectory) struct NetbootCommandTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    private var folder: FilePath { Scratch.directory.joined("install/netboot/d/x/c") }

    @discardableResult
    private func publish(_ text: String) throws -> Catboat.Result {
        for name in ["kernel", "initrd-stateless.gz", "rootimg.cpio.gz"] {
            let file = folder.joined(name)
            try folder.createDirectories()
            try AtomicFile.write("\(name) \(text)".utf8, to: file)
        }
        return try catboat("image-publish", "--rootimgdir", Word(folder), "img")
    }

    @Test func `bootcfg-write takes nodes as operands and records`() throws {
        let result = try catboat(
            "bootcfg-write", "--state", "netboot d-x-c", "--osimage", "img", "--stdin", "n1",
            input: "n2\thttp-port=81\nn3\tstate=boot\n")
        #expect(result == .init(status: 0, stdout: "n1\tnetboot d-x-c\nn2\tnetboot d-x-c\nn3\tboot\n", stderr: ""))
        #expect(try catboat("bootcfg-write", "--show", "n3", "n4").stdout == "n3\tboot\nn4\toffline\n")
    }

    @Test func `bootcfg-write writes nothing when one record is wrong`() throws {
        let result = try catboat("bootcfg-write", "--state", "boot", "--stdin", input: "n1\nn2\tcolour=red\n")
        #expect(result.status == 128)
        #expect(
            result.stderr.hasPrefix(
                "bootcfg-write: error: unknown field in the record of n2: 'colour': one of append, "))
        #expect(!Scratch.directory.joined("tftpboot").exists)
    }

    @Test func `bootcfg-write without a node is wrong usage`() throws {
        #expect(try catboat("bootcfg-write", "--state", "boot").status == 129)
    }

    @Test func `image-publish prints the digest that --current and --list show`() throws {
        let first = try publish("1")
        #expect(first.status == 0 && first.stderr.isEmpty)
        #expect(first.stdout.hasPrefix("sha256:") && first.stdout.utf8.count == 72)
        #expect(try catboat("image-publish", "--rootimgdir", Word(folder), "--current", "img").stdout == first.stdout)
        let second = try publish("2")
        let list = try catboat("image-publish", "--rootimgdir", Word(folder), "--list", "img").stdout
        let states = Dictionary(
            uniqueKeysWithValues: list.split(separator: "\n").map { line in
                let fields = line.split(separator: "\t")
                return (String(fields[0]) + "\n", String(fields[1]))
            })
        #expect(states == [first.stdout: "kept", second.stdout: "current"])
        let json = try catboat("image-publish", "--rootimgdir", Word(folder), "--list", "--json", "img").stdout
        #expect(json.hasPrefix(#"{"sets":[{"digest":"sha256:"#) && json.contains(#""is_current":true"#))
    }

    @Test func `image-publish --dry-run prints the digest that publishing will give, and publishes nothing`() throws {
        try publish("1")
        for name in ["kernel", "rootimg.cpio.gz"] { try AtomicFile.write("two".utf8, to: folder.joined(name)) }
        let before = try catboat("image-publish", "--rootimgdir", Word(folder), "--list", "img").stdout
        let planned = try catboat("image-publish", "--rootimgdir", Word(folder), "--dry-run", "img")
        #expect(planned.status == 0 && planned.stderr == "")
        #expect(try catboat("image-publish", "--rootimgdir", Word(folder), "--list", "img").stdout == before)
        #expect(try catboat("image-publish", "--rootimgdir", Word(folder), "img").stdout == planned.stdout)
        #expect(try catboat("image-publish", "--dry-run", "--list", "img").status == 129)
    }

    @Test func `image-publish goes back to a kept set`() throws {
        let first = try publish("1")
        try publish("2")
        let digits = first.stdout.dropFirst(7).prefix(10)
        let result = try catboat("image-publish", "--rootimgdir", Word(folder), "img", Word(digits))
        #expect(result == first)
        #expect(try folder.joined("rootimg.cpio.gz").readText() == "rootimg.cpio.gz 1")
    }

    @Test func `--current of an image that was never published is a negative answer`() throws {
        try folder.createDirectories()
        #expect(
            try catboat("image-publish", "--rootimgdir", Word(folder), "--current", "img")
                == .init(status: 1, stdout: "", stderr: ""))
    }

    @Test func `an image that was not packed is an error`() throws {
        try folder.createDirectories()
        let result = try catboat("image-publish", "--rootimgdir", Word(folder), "img")
        #expect(
            result
                == .init(
                    status: 128, stdout: "",
                    stderr: "image-publish: error: no packed root image: '\(folder)': run packimage\n"))
    }

    @Test func `--keep says how many sets stay`() throws {
        for number in 1...3 {
            try catboat.run("image-publish", ["--rootimgdir", Word(folder), "--current", "img"])
            try publish("\(number)")
        }
        try catboat("image-publish", "--rootimgdir", Word(folder), "--keep", "1", "img")
        #expect(
            try catboat("image-publish", "--rootimgdir", Word(folder), "--list", "img").stdout.split(separator: "\n")
                .count == 1)
        #expect(try catboat("image-publish", "--rootimgdir", Word(folder), "--keep", "0", "img").status == 129)
    }
}
