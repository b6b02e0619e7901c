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
