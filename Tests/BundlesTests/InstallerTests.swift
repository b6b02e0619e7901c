@testable import Bundles
import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// Imports that die at every step, and those that go well.
@Suite(.scratchDirectory) struct InstallerTests {
    private struct Death: Error {}

    /// A site with files that are replaced, kept and new, and an import for it.
    private struct Site {
        let top: FilePath
        var plan: InstallPlan
        var isCommitted = false

        init(_ top: FilePath) throws {
            self.top = top
            let stage = top.joined("stage")
            plan = InstallPlan(id: "one", images: ["img"], stage: stage)
            for folder in ["stage/trees/new", "site/tree", "journal"] { try top.joined(folder).createDirectories() }
            for (name, old) in [
                ("a", "old a"), ("b", "old b"), ("made/x", nil), ("made/deep/y", nil), ("c", "old c"), ("d", "old d"),
                ("e", "old e"),
            ] {
                let target = top.joined("site").joined(name)
                let source = stage.joined(FilePath(name).lastName)
                try AtomicFile.write("new \(name)".utf8, to: source)
                var placement = InstallPlan.Placement(
                    source: source, target: target, sha256: Digest.of("new \(name)".utf8).description)
                if let old {
                    try AtomicFile.write(old.utf8, to: target)
                    placement.replaces = Digest.of(old.utf8).description
                    placement.backup = JSONName(target.bytes + Array(".ORIG".utf8))
                }
                plan.placements.append(placement)
            }
            try AtomicFile.write("new".utf8, to: stage.joined("trees/new/file"))
            try AtomicFile.write("old".utf8, to: top.joined("site/tree/file"))
            plan.trees = [
                InstallPlan.Tree(
                    source: stage.joined("trees/new"), target: top.joined("site/tree"),
                    backup: top.joined("site/tree.ORIG"))
            ]
            plan.folders = [JSONName(top.joined("site/made").bytes)]
            (plan.batch, plan.proof) = ("rows", "proof")
        }

        /// Every file below the site, with its content.
        func state() throws -> [String: String] {
            var result: [String: String] = [:]
            try TreeWalk(top.joined("site")).run { entry in
                if entry.status.kind == .regular {
                    result[entry.path.printable] = try top.joined("site").joined(entry.path).readText()
                } else {
                    result[entry.path.printable] = "/"
                }
                return .enter
            }
            return result
        }

        static let new = [
            "a": "new a", "a.ORIG": "old a", "b": "new b", "b.ORIG": "old b", "c": "new c", "c.ORIG": "old c",
            "d": "new d", "d.ORIG": "old d", "e": "new e", "e.ORIG": "old e",
            "made": "/", "made/x": "new made/x", "made/deep": "/", "made/deep/y": "new made/deep/y", "tree": "/",
            "tree/file": "new", "tree.ORIG": "/", "tree.ORIG/file": "old",
        ]
    }

    private final class Counter: @unchecked Sendable {
        // Used by one thread.
        var left: Int
        init(_ left: Int) { self.left = left }
    }

    @Test func `what goes well leaves the new state and no trace`() throws {
        let site = try Site(Scratch.directory)
        var batches: [String] = []
        try BundleInstaller(journals: site.top.joined("journal")).install(
            site.plan, .init(set: { batches.append($0) }, holds: { _ in false }))
        #expect(batches == ["rows"])
        #expect(try site.state() == Site.new)
        #expect(try site.top.joined("journal").directoryNames().isEmpty)
        #expect(!site.top.joined("stage").exists)
    }

    @Test func `an import whose rows are refused is undone`() throws {
        let site = try Site(Scratch.directory)
        let before = try site.state()
        #expect(throws: Death.self) {
            try BundleInstaller(journals: site.top.joined("journal")).install(
                site.plan, .init(set: { _ in throw Death() }, holds: { _ in false }))
        }
        #expect(try site.state() == before)
        #expect(try site.top.joined("journal").directoryNames().isEmpty)
    }

    @Test func `an import that dies at any step is undone, also when undoing dies`() throws {
        var steps = 0
        while true {
            let top = Scratch.directory.joined("\(steps)")
            try top.createDirectories()
            let site = try Site(top)
            let before = try site.state()
            let journals = top.joined("journal")
            let journal = try InstallJournal.begin(site.plan, in: journals)
            let counter = Counter(steps)
            var installer = BundleInstaller(journals: journals)
            installer.afterStep = {
                counter.left -= 1
                if counter.left < 0 { throw Death() }
            }
            let isDead: Bool
            do {
                try installer.place(journal)
                isDead = false
            } catch is Death { isDead = true }
            let found = try #require(try InstallJournal.open(journals.joined("one")))
            let ending = try BundleInstaller(journals: journals).recover(
                found, .init(set: { _ in }, holds: { _ in false }))
            #expect(ending == .undone)
            #expect(try site.state() == before, "after step \(steps)")
            #expect(try journals.directoryNames().isEmpty)
            if !isDead { break }
            steps += 1
        }
        #expect(steps >= 20)
    }

    @Test func `an import that dies with its rows set is completed`() throws {
        for steps in 0..<22 {
            let top = Scratch.directory.joined("\(steps)")
            try top.createDirectories()
            let site = try Site(top)
            let journals = top.joined("journal")
            let journal = try InstallJournal.begin(site.plan, in: journals)
            let counter = Counter(steps)
            var installer = BundleInstaller(journals: journals)
            installer.afterStep = {
                counter.left -= 1
                if counter.left < 0 { throw Death() }
            }
            #expect(throws: Death.self) { try installer.place(journal) }
            let found = try #require(try InstallJournal.open(journals.joined("one")))
            let ending = try BundleInstaller(journals: journals).recover(
                found, .init(set: { _ in }, holds: { _ in true }))
            #expect(ending == .completed)
            #expect(try site.state() == Site.new, "after step \(steps)")
        }
    }

    @Test func `what changed since the plan was made stops it`() throws {
        let site = try Site(Scratch.directory)
        try AtomicFile.write("by hand".utf8, to: site.top.joined("site/b"))
        let before = try site.state()
        #expect(throws: BundleError.self) {
            try BundleInstaller(journals: site.top.joined("journal")).install(
                site.plan, .init(set: { _ in }, holds: { _ in false }))
        }
        #expect(try site.state() == before)
    }
}
