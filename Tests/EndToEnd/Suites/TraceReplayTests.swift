import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// The trace of a porcelain is a script: replaying its depth-1 lines gives the same result.
@Suite(.scratchDirectory) struct TraceReplayTests {
    @Test func `replaying genimage and packimage gives the same tree and the same packed root`() throws {
        let site = try TinySite(["linux-image-tiny", "dracut", "dracut-network", "tiny-hello", "tiny-files"])
        let script = try traced("genimage", site)
        let tree = try site.catboat.succeed("rootimg-list", "--digest", Word(site.rootimg)).stdout
        let packing = try traced("packimage", site)
        let packed = try served(site)

        try site.host(site.rootimgdir).removeTree()
        try site.host("/tftpboot/xcat/osimage").joined(TinySite.osimage).removeTree()
        try replay(script, site)
        #expect(try site.catboat.succeed("rootimg-list", "--digest", Word(site.rootimg)).stdout == tree)
        try replay(packing, site)
        #expect(try served(site) == packed)
    }

    @Test func `deeper calls are for reading and marked so`() throws {
        let site = try TinySite()
        let text = try traced("genimage", site)
        #expect(text.split(separator: "\n").allSatisfy { $0.hasPrefix("+") })
        let populate = try #require(text.split(separator: "\n").first { $0.contains(" rootimg-populate ") })
        #expect(populate.hasPrefix("+ SOURCE_DATE_EPOCH=") && populate.contains(" catboat --root \(site.root) "))
        let list = text.split(separator: " <<'CATBOAT-EOF' # ").last?.split(separator: "\n+ CATBOAT-EOF\n").first
        #expect(list?.contains("tiny-hello") == true, "\(text)")
    }

    private func traced(_ verb: String, _ site: TinySite) throws -> String {
        let file = Scratch.directory.joined("\(verb).trace")
        var catboat = site.catboat
        catboat.environment["CATBOAT_TRACE"] = Word(file)
        try catboat.succeed(verb, Word(TinySite.osimage))
        return try file.readText()
    }

    /// What nodes get, without the initramfs: the medium's stand-in for dracut numbers inodes as the disk does.
    private func served(_ site: TinySite) throws -> [Digest] {
        try ["kernel", "rootimg.cpio.gz"].map { try Digest.ofFile(site.host(site.rootimgdir).joined($0)) }
    }

    /// Runs the depth-1 lines as a person would: `sed -n 's/^+ //p' | sh`.
    private func replay(_ trace: String, _ site: TinySite) throws {
        let lines = trace.split(separator: "\n").filter { $0.hasPrefix("+ ") }.map { $0.dropFirst(2) }
        #expect(!lines.isEmpty)
        var shell = site.catboat.tool("help")
        shell.program = "sh"
        shell.words = ["-e"]
        shell.environment["PATH"] = Word("\(Catboat.execPath):\(shell.environment.text("PATH") ?? "")")
        let script = lines.joined(separator: "\n") + "\n"
        let captured = try shell.capture(input: Array(script.utf8))
        try #require(
            captured.ending == .exited(0),
            "\(captured.text)\(String(decoding: captured.errors, as: UTF8.self))\n\(script)")
    }
}
