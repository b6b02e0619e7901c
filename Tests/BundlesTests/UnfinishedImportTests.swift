@testable import Bundles
import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// What `catboat doctor` says about an import that was cut short.
@Suite(.scratchDirectory) struct UnfinishedImportTests {
    private let catboat = Catboat(root: Scratch.directory)

    private func findings() throws -> [Substring] {
        try catboat("doctor", "--quiet").stdout.split(separator: "\n").drop { !$0.contains(": imports: ") }.prefix(2)
            .map { $0 }
    }

    @Test func `what a killed import left unpacked is named, and removed`() throws {
        try #require(try catboat("init").status == 0)
        let left = try Scratch.write("x", to: "install/.catboat/import/one/kernel").removingLastComponent()
        try Scratch.directory.joined("install/.catboat/journal").createDirectories()
        let found = try findings()
        try #require(found.count == 2, "\(found)")
        #expect(found[0] == "warning: imports: an import that was killed left what it had unpacked: \(left.printable)")
        #expect(found[1].contains("catboat gc"))
        #expect(try catboat("gc", "--dry-run").status == 0 && left.exists)
        #expect(try catboat("gc").status == 0 && !left.exists)
        #expect(try catboat("doctor").stdout.contains("ok: imports: none was cut short\n"))
    }

    @Test func `one that stands but was not recorded is named so, and recovered`() throws {
        try #require(try catboat("init").status == 0)
        let stage = Scratch.directory.joined("install/.catboat/import/one")
        let journals = Scratch.directory.joined("install/.catboat/journal")
        for folder in [stage, journals] { try folder.createDirectories() }
        var plan = InstallPlan(id: "one", images: ["img"], stage: stage)
        plan.finishes = [.init(image: "img", publishes: false)]
        _ = try InstallJournal.begin(plan, in: journals).place()
        #expect(try findings().first == "warning: imports: an import of img stands, but was not published or recorded")
        let journal = Word(journals.joined("one"))
        try #require(try catboat("mkdef", "-t", "osimage", "-o", "img", "provmethod=install").status == 0)
        // Its recipe cannot be kept.
        let history = Scratch.directory.joined("install/custom/.git")
        try history.removeTree()
        try Scratch.write("in the way", to: "install/custom/.git")
        let vain = try catboat("bundle-install", "--recover", journal)
        #expect(vain.status == 1 && vain.stderr.contains("the import stands"), "\(vain)")
        #expect(journals.joined("one").exists && stage.exists)
        try history.removeFile()
        let recovered = try catboat("bundle-install", "--recover", journal)
        #expect(recovered.stdout == "completed\timg\n", "\(recovered)")
        #expect(try catboat("profile-log", "img").stdout.split(separator: "\n").count == 1)
        #expect(!journals.joined("one").exists && !stage.exists)
    }

    @Test func `one of an image that was removed since is no obstacle, and any can be forgotten`() throws {
        try #require(try catboat("init").status == 0)
        let stage = Scratch.directory.joined("install/.catboat/import/one")
        let journals = Scratch.directory.joined("install/.catboat/journal")
        for option in ["--recover", "--forget"] {
            for folder in [stage, journals] { try folder.createDirectories() }
            var plan = InstallPlan(id: "one", images: ["img"], stage: stage)
            plan.finishes = [.init(image: "img", publishes: true)]
            let begun = try InstallJournal.begin(plan, in: journals)
            if option == "--forget" {
                let refused = try catboat("bundle-install", Word(option), Word(journals.joined("one")))
                #expect(refused.status == 128 && refused.stderr.contains("use --recover"), "\(refused)")
            }
            _ = try begun.place()
            let ended = try catboat("bundle-install", Word(option), Word(journals.joined("one")))
            #expect(ended.status == 0, "\(ended)")
            #expect(ended.stderr.contains("img was removed since") == (option == "--recover"), "\(ended)")
            #expect(!journals.joined("one").exists && !stage.exists)
        }
    }

    /// Neither values that were the same before, nor such as were changed since, tell whether rows were set.
    @Test(arguments: [false, true]) func `rows count as set by their mark`(isSet: Bool) throws {
        try #require(try catboat("init").status == 0)
        let stage = Scratch.directory.joined("install/.catboat/import/one")
        let journals = Scratch.directory.joined("install/.catboat/journal")
        for folder in [stage, journals] { try folder.createDirectories() }
        let source = try Scratch.write("new", to: "install/.catboat/import/one/list")
        let target = Scratch.directory.joined("install/list")
        var plan = InstallPlan(id: "one", images: ["img"], stage: stage)
        plan.placements = [.init(source: source, target: target, sha256: try Digest.ofFile(source).description)]
        plan.batch = "set\tsite\tkey=x\t:\tvalue=1\nset\tcatboat_imports\tid=one\t:\n"
        (plan.proof, plan.closing) = ("present\tcatboat_imports\tid=one\n", "delete\tcatboat_imports\tid=one\n")
        if !isSet { try #require(try catboat("table-set", "site", "key=x", "value=1").status == 0) }
        let journal = try InstallJournal.begin(plan, in: journals)
        try BundleInstaller(journals: journals).place(journal)
        if isSet {
            try #require(try catboat("table-set", "--stdin", input: plan.batch).status == 0)
            try #require(try catboat("table-set", "site", "key=x", "value=2").status == 0)
        }
        let ended = try catboat("bundle-install", "--recover", Word(journals.joined("one")))
        #expect(ended.stdout == "\(isSet ? "completed" : "undone")\timg\n", "\(ended)")
        #expect(target.exists == isSet)
        #expect(try catboat("table-set", "--stdin", input: "present\tcatboat_imports\tid=one\n").status == 1)
    }

    @Test func `doctor names it with the remedy, and the remedy helps`() throws {
        try #require(try catboat("init").status == 0)
        #expect(try catboat("doctor").stdout.contains("ok: imports: none was cut short\n"))
        let stage = Scratch.directory.joined("install/.catboat/import/one")
        let journals = Scratch.directory.joined("install/.catboat/journal")
        for folder in [stage, journals, Scratch.directory.joined("install/custom")] { try folder.createDirectories() }
        let source = try Scratch.write("new", to: "install/.catboat/import/one/list")
        var plan = InstallPlan(id: "one", images: ["img", "other"], stage: stage)
        plan.placements = [.init(source: source, target: Scratch.directory.joined("install/custom/list"), sha256: "")]
        _ = try InstallJournal.begin(plan, in: journals)
        let found = try findings()
        try #require(found.count == 2, "\(found)")
        #expect(found[0] == "warning: imports: an import of img, other was cut short")
        #expect(found[1].contains("bundle-install --recover \(journals.joined("one").printable)"))
        let recovered = try catboat("bundle-install", "--recover", Word(journals.joined("one")))
        #expect(recovered.status == 0, "\(recovered.stderr)")
        #expect(try findings() == [])
        try Scratch.write("{", to: "install/.catboat/journal/two/plan.json")
        #expect(try findings().first?.hasPrefix("error: imports: the journal of an import cannot be read: ") == true)
    }
}
