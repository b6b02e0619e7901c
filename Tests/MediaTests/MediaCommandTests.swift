import Support
import SystemPackage
import TestSupport
import Testing

@testable import Media

#if canImport(Glibc)
    import Glibc
#endif

/// The plumbing as site scripts use it.
@Suite(.scratchDirectory) struct MediaCommandTests {
    private let catboat = Catboat()
    private var scratch: FilePath { Scratch.directory }

    @Test func `media-identify prints one record a medium`() throws {
        let debian = try TinyMedium.make("a.iso")
        let ubuntu = try TinyMedium.make("b", "--product", "Ubuntu", "--version", "22.04.3", "--codename", "jammy")
        let expected = "\(debian)\tdebian12.99.0\tx86_64\tamd64\tBinary-1\tdebian\tbookworm\tmain\n"
        let both = try catboat("media-identify", Word(debian), Word(ubuntu))
        #expect(both.status == 0)
        #expect(both.stdout == expected + "\(ubuntu)\tubuntu22.04.3\tx86_64\tamd64\t\tdebian\tjammy\tmain\n")
        #expect(both.stderr == "")
        let nul = try catboat("media-identify", "-z", Word(debian))
        #expect(nul.stdout == expected.replacing("\n", with: "\0"))
    }

    @Test func `media-identify tells apart what it cannot read, may not take and does not know`() throws {
        let text = try Scratch.write("text\n", to: "text")
        let medium = try TinyMedium.make("tiny")
        let unreadable = try catboat("media-identify", Word(text))
        #expect(unreadable.status == 128)
        #expect(
            unreadable.stderr
                == "media-identify: error: not an ISO 9660 image: '\(text)': name an ISO file, a drive or a folder\n")
        let refused = try catboat("media-identify", "--arch", "ppc64", Word(medium))
        #expect(refused.status == 1)
        #expect(refused.stderr == "media-identify: Requested Debian architecture ppc64, but media is x86_64\n")
        let unknown = try catboat("media-identify", Word(scratch))
        #expect(unknown.status == 1)
        #expect(unknown.stdout == "")
        #expect(
            unknown.stderr
                == "media-identify: not a medium of a known distribution: '\(scratch)': try --name and --arch\n")
        #expect(try catboat("media-identify").status == 129)
    }

    @Test func `media-identify --json has problems as records`() throws {
        let text = try Scratch.write("text\n", to: "text")
        let result = try catboat("media-identify", "--json", Word(text))
        #expect(result.status == 128)
        #expect(result.stderr == "")
        #expect(
            result.stdout == """
                {"media":[{"path":"\(text)","problem":{"kind":"unreadable","problem":"not an ISO 9660 image",\
                "remedy":"name an ISO file, a drive or a folder","subject":"\(text)"}}],"version":1}

                """)
    }

    @Test func `media-copy prints what it did, and progress as JSON Lines`() throws {
        let medium = try TinyMedium.make("tiny.iso")
        let target = scratch.joined("copy")
        let progress = scratch.joined("progress")
        let file = try FileDescriptor.open(
            progress, .writeOnly, options: [.create], permissions: .ownerReadWrite)
        var tool = catboat.tool("media-copy", ["--progress-fd", "9", Word(medium), Word(target)])
        tool.descriptors[9] = file
        let captured = try tool.capture()
        try file.close()
        #expect(captured.ending.isSuccess)
        let fields = captured.text.split(separator: "\n")[0].split(separator: "\t", omittingEmptySubsequences: false)
        #expect(fields.count == 10)
        #expect(fields[0] == "copied" && fields[1] == target.printable && fields[6] == "md5sum.txt")
        #expect(fields[4] == fields[5], "everything was written")
        #expect(fields[8] == "unsigned")
        let last = try #require(try progress.readText().split(separator: "\n").last)
        #expect(last.contains("\"done\":\(fields[4]),\"final\":true") && last.contains("\"unit\":\"bytes\""))
    }

    @Test func `a copy that was killed goes on where it was`() throws {
        let medium = try TinyMedium.make("tiny.iso", "--bulk", "48")
        let target = scratch.joined("install/copy")
        let pipe = try FileDescriptor.pipe()
        var tool = catboat.tool("media-copy", ["--progress-fd", "9", Word(medium), Word(target)])
        tool.descriptors[9] = pipe.writeEnd
        let running = try tool.start(output: .null, errors: .null)
        try pipe.writeEnd.close()
        // Killed in the middle of the big file, after the small ones before it.
        var seen: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !seen.split(separator: 0x0a).contains(where: Self.isInBulk) {
            let count = try buffer.withUnsafeMutableBytes { try pipe.readEnd.read(into: $0) }
            try #require(count > 0, "the copy ended before it could be killed")
            seen += buffer[..<count]
        }
        running.signal(SIGKILL)
        #expect(try running.wait() == .signaled(SIGKILL))
        #expect(!target.exists)
        let left = CopyStage.path(beside: target)
        #expect(try !left.joined("pool/main").directoryNames().isEmpty, "what was copied is kept")

        let again = try catboat("media-copy", Word(medium), Word(target))
        #expect(again.status == 0)
        let fields = again.stdout.split(separator: "\t")
        let (bytes, written) = (try #require(Int(fields[4])), try #require(Int(fields[5])))
        #expect(written < bytes, "what was there is not copied again")
        #expect(!left.exists)
        let sums = try Tool("md5sum", ["--check", "--quiet", "md5sum.txt"], directory: target).capture()
        #expect(sums.ending.isSuccess)
    }

    private static func isInBulk(_ line: some Sequence<UInt8>) -> Bool {
        let text = String(decoding: Array(line), as: UTF8.self)
        guard let mark = text.firstRange(of: "\"done\":") else { return false }
        return Int(text[mark.upperBound...].prefix { $0.isNumber }).map { $0 > 10 << 20 } ?? false
    }

    @Test(.enabled(if: geteuid() == 0)) func `without space nothing is listed and the reason is told`() throws {
        let medium = try TinyMedium.make("tiny.iso", "--bulk", "8")
        let mount = scratch.joined("small")
        try mount.createDirectories()
        let copy = catboat.tool("media-copy", [Word(medium), Word(mount.joined("copy"))])
        let script = """
            mount -t tmpfs -o size=4m none \(mount) && "$@"; status=$?; ls -A \(mount)/copy 2>/dev/null; exit $status
            """
        let result = try Tool(
            "unshare", ["-m", "sh", "-c", Word(script), "sh", Word(copy.program)] + copy.words,
            environment: copy.environment
        ).capture()
        #expect(result.ending == .exited(128))
        #expect(result.text == "")
        let said = String(decoding: result.errors, as: UTF8.self)
        #expect(
            said.hasPrefix("media-copy: error: no space for the medium: it needs 12 MiB, 3 MiB are free: "), "\(said)")
    }

    @Test(.enabled(if: geteuid() == 0)) func `without permission the folder is named`() throws {
        let medium = try TinyMedium.make("tiny.iso")
        try scratch.changePermissions(0o755)
        try scratch.joined("install").createDirectories()
        let copy = try catboat.reachableByAll().tool(
            "media-copy", [Word(medium), Word(scratch.joined("install/copy"))])
        let result = try Tool(
            "setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", Word(copy.program)] + copy.words,
            environment: copy.environment
        ).capture()
        #expect(result.ending == .exited(128))
        #expect(
            String(decoding: result.errors, as: UTF8.self)
                == "media-copy: error: cannot create directory: '\(scratch)/install/.copy.tmp-media': "
                + "permission denied: run as root or as the owner\n")
        #expect(try scratch.joined("install").directoryNames().isEmpty)
    }
}
