import Support
import SystemPackage
import TestSupport
import Testing

/// Names of objects: what follows a new one, and which cannot be had.
@Suite(.scratchDirectory) struct RenamingTests {
    private func site(_ kind: StoreKind = .sqlite) throws -> Catboat {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        for words in [
            ["mkdef", "x1-x3", "groups=all,zz", "os=a"], ["mkdef", "-t", "osimage", "-o", "img", "imagetype=linux"],
        ] as [[Word]] {
            let made = try catboat.run(words[0].description, Array(words.dropFirst()))
            try #require(made.status == 0, "\(made)")
        }
        return catboat
    }

    private func set(_ catboat: Catboat, _ words: [[Word]]) throws {
        for words in words { #expect(try catboat.run("chtab", words).status == 0, "\(words)") }
    }

    @Test(arguments: StoreKind.available)
    func `a change that a disabled row hides is told`(kind: StoreKind) throws {
        let catboat = try site(kind)
        try set(
            catboat,
            [["node=x1", "nodetype.disable=1"], ["key=a", "site.value=1"], ["key=a", "site.disable=1"]])
        let told =
            "Warning: x1: the row in the table 'nodetype' is disabled, so that the change has no effect until it is "
            + "enabled: chtab node=x1 nodetype.disable=\n"
        #expect(try catboat("chdef", "x1", "os=b").stderr == told)
        #expect(try catboat("nodech", "x1", "nodetype.os=b").stderr == told)
        #expect(try catboat("chdef", "x2", "os=b").stderr == "")
        #expect(
            try catboat("chdef", "-t", "site", "a=2").stderr
                == told.replacing("x1: ", with: "a: ").replacing("'nodetype'", with: "'site'")
                .replacing("node=x1 nodetype", with: "key=a site"))
        try set(catboat, [["node=x3", "nodelist.disable=1"]])
        let added = try catboat("nodeadd", "x3", "groups=q")
        #expect(added.status == 1 && added.stderr.contains("its row in the table 'nodelist' is disabled"), "\(added)")
    }

    @Test func `nodes of a pattern are excluded`() throws {
        let catboat = try site()
        try catboat("chdef", "-t", "site", "excludenodes=/x[12],nosuch")
        #expect(try catboat("nodels", "all").stdout == "x3\n")
        #expect(try catboat("noderange-expand", "x1,x3").stdout == "x3\n")
        try catboat("chdef", "-t", "site", "excludenodes=/x[")
        let result = try catboat("nodels", "all")
        #expect(result.status == 1 && result.stderr.hasPrefix("Error: site.excludenodes is not understood: '/x['\n"))
        #expect(try catboat("chdef", "-t", "site", "excludenodes=").status == 0)
        #expect(try catboat("nodels", "all").stdout == "x1\nx2\nx3\n")
    }
}
