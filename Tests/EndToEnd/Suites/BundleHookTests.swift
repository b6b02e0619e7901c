import Support
import SystemPackage
import TestSupport
import Testing

/// Hooks around bundles.
@Suite(.scratchDirectory) struct BundleHookTests {
    private static let image = BundleSite.image
    private var bundle: FilePath { Scratch.directory.joined("image.tgz") }

    private func hook(_ site: String, _ event: String, _ script: String) throws -> FilePath {
        try Scratch.write(
            "#!/bin/sh\n\(script)\n", to: "\(site)/install/custom/hooks/\(event)", permissions: 0o755)
    }

    private func heard() throws -> String { try Scratch.directory.joined("heard").readText() }

    @Test func `an export can be refused, and its end is told`() throws {
        let site = try BundleSite.make("from", version: "1")
        let veto = try hook("from", "pre-imgexport", "echo not today; exit 3")
        let refused = try site("imgexport", Word(Self.image), Word(bundle))
        #expect(refused.status == 1)
        #expect(refused.stderr.contains("not today") && refused.stderr.contains("pre-imgexport"), "\(refused.stderr)")
        #expect(!bundle.exists)
        #expect(try site("imgexport", Word(Self.image), Word(bundle), "--no-hooks").status == 0)
        try veto.removeFile()
        _ = try hook(
            "from", "post-imgexport",
            "echo $CATBOAT_EVENT $CATBOAT_IMAGE $CATBOAT_BUNDLE $(test -s \"$CATBOAT_BUNDLE\"; echo $?) > \(Scratch.directory)/heard"
        )
        #expect(try site("imgexport", Word(Self.image), Word(bundle)).status == 0)
        #expect(try heard() == "post-imgexport \(Self.image) \(bundle) 0\n")
    }

    @Test func `an import can be refused before anything changes, and stands when its end is told in vain`() throws {
        let from = try BundleSite.make("from", version: "1")
        try #require(try from("imgexport", Word(Self.image), Word(bundle)).status == 0)
        let to = try BundleSite.empty("to")
        let veto = try hook(
            "to", "pre-imgimport", "echo $CATBOAT_IMAGE $CATBOAT_BUNDLE > \(Scratch.directory)/heard; exit 1")
        let before = try BundleSite.state("to")
        #expect(try to("imgimport", Word(bundle)).status == 1)
        #expect(try heard() == "\(Self.image) \(bundle)\n")
        #expect(try BundleSite.state("to") == before)
        #expect(try to("table-get", "osimage", Word(Self.image)).status == 1)
        #expect(try Scratch.directory.joined("to/install/.catboat/journal").directoryNames() == [])
        try veto.removeFile()
        _ = try hook("to", "post-imgimport", "echo deaf; exit 7")
        let told = try to("imgimport", Word(bundle))
        #expect(told.status == 1 && told.stderr.contains("post-imgimport"), "\(told.stderr)")
        #expect(try BundleSite.stanza(to) == BundleSite.stanza(from))
    }
}
