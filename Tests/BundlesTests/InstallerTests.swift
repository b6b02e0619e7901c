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

        /// - Parameter elsewhere: a folder on another file system for what was unpacked.
        init(_ top: FilePath, elsewhere: FilePath? = nil) throws {
            self.top = top
            let stage = (elsewhere ?? top).joined("stage")
            plan = InstallPlan(id: "one", images: ["img"], stage: stage)
            try stage.joined("trees/new").createDirectories()
            for folder in ["site/tree", "journal"] { try top.joined(folder).createDirectories() }
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
            plan.made = [("made/deep", "700"), ("empty", "755"), ("empty/inner", "2777")].map { name, mode in
                InstallPlan.Folder(target: top.joined("site").joined(FilePath(name)), mode: mode)
            }
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
            "empty": "/", "empty/inner": "/", "made": "/", "made/x": "new made/x", "made/deep": "/",
            "made/deep/y": "new made/deep/y", "tree": "/",
            "tree/file": "new", "tree.ORIG": "/", "tree.ORIG/file": "old",
        ]
    }

    /// Runs `body` with a folder on another file system than the scratch directory's; without one of that kind not at all.
    private func elsewhere(_ body: (FilePath) throws -> Void) throws {
        let memory: FilePath = "/dev/shm"
        let (here, there) = (try Scratch.directory.status()?.device, try memory.status()?.device)
        try #require(there != nil && here != there, "/dev/shm is no file system of its own")
        let folder = try memory.joined("catboat-test-").createUniqueDirectory()
        defer { try? folder.removeTree() }
        try body(folder)
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
        let modes = try ["made", "made/deep", "empty", "empty/inner"].map {
            try site.top.joined("site").joined(FilePath($0)).status()?.permissions
        }
        #expect(modes == [0o755, 0o700, 0o755, 0o755])
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

    @Test(arguments: [false, true])
    func `an import that dies at any step is undone`(isElsewhere: Bool) throws {
        if isElsewhere { try elsewhere { try dieAndUndo($0) } } else { try dieAndUndo(nil) }
    }

    private func dieAndUndo(_ elsewhere: FilePath?) throws {
        var steps = 0
        while true {
            let top = Scratch.directory.joined("\(steps)")
            try top.createDirectories()
            let site = try Site(top, elsewhere: elsewhere)
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
            // What it was writing when it died.
            let pointer = top.joined("site/made/.\(InstallJournal.pointerName).tmp-a1b2c3")
            if pointer.removingLastComponent().exists { try AtomicFile.write("x".utf8, to: pointer) }
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

    @Test(arguments: [false, true])
    func `what was edited after an import died is kept when the import is undone`(wasKilled: Bool) throws {
        let site = try Site(Scratch.directory)
        let journals = Scratch.directory.joined("journal")
        let journal = try InstallJournal.begin(site.plan, in: journals)
        let counter = Counter(12)
        var installer = BundleInstaller(journals: journals)
        installer.afterStep = {
            counter.left -= 1
            if counter.left < 0 { throw Death() }
        }
        #expect(throws: Death.self) { try installer.place(journal) }
        let target = Scratch.directory.joined("site/a")
        try #require(try target.readText() == "new a")
        try AtomicFile.write("edited a".utf8, to: target)
        let place = Scratch.directory.joined("site/a.edited-1")
        // As an earlier undo leaves it that was killed in the middle.
        if wasKilled { _ = try Tool("ln", [Word(target), Word(place)]).output() }
        let found = try #require(try InstallJournal.open(journals.joined("one")))
        nonisolated(unsafe) var kept: [FilePath] = []
        let undoing = BundleInstaller(journals: journals) { file, place in kept += [file, place] }
        #expect(try undoing.recover(found, .init(set: { _ in }, holds: { _ in false })) == .undone)
        #expect(try target.readText() == "old a")
        #expect(try place.readText() == "edited a")
        #expect(!Scratch.directory.joined("site/a.edited-2").exists)
        #expect(kept == [target, place])
    }

    @Test(arguments: [false, true])
    func `an import that dies with its rows set is completed`(isElsewhere: Bool) throws {
        if isElsewhere { try elsewhere { try dieAndComplete($0) } } else { try dieAndComplete(nil) }
    }

    private func dieAndComplete(_ elsewhere: FilePath?) throws {
        for steps in 0..<22 {
            let top = Scratch.directory.joined("\(steps)")
            try top.createDirectories()
            let site = try Site(top, elsewhere: elsewhere)
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

    @Test func `what follows the rows is done before the journal goes, at last by whoever finds it`() throws {
        let site = try Site(Scratch.directory)
        let journals = site.top.joined("journal")
        let installer = BundleInstaller(journals: journals)
        let error = #expect(throws: BundleError.self) {
            try installer.install(
                site.plan, .init(set: { _ in }, holds: { _ in true }), finish: { _ in throw Death() })
        }
        #expect(error == .unfinished(images: ["img"], journal: journals.joined("one")))
        #expect(try site.state() == Site.new, "the import stands, and nothing points at the journal")
        #expect(site.top.joined("stage").exists)
        // Rows that were changed since are no reason to take the import back.
        let rows = BundleInstaller.Rows(set: { _ in throw Death() }, holds: { _ in false })
        let found = try #require(try InstallJournal.open(journals.joined("one")))
        #expect(found.isPlaced)
        #expect(throws: BundleError.self) { try installer.recover(found, rows, finish: { _ in throw Death() }) }
        var finished: [[String]] = []
        #expect(try installer.recover(found, rows) { finished.append($0.images) } == .completed)
        #expect(finished == [["img"]])
        #expect(try site.state() == Site.new && journals.directoryNames().isEmpty)
        #expect(!site.top.joined("stage").exists)
    }

    @Test func `a link on the way of a file stops it`() throws {
        let site = try Site(Scratch.directory)
        let real = site.top.joined("real")
        try real.createDirectories()
        try site.top.joined("site/link").createSymbolicLink(to: real)
        let source = site.top.joined("stage/through")
        try AtomicFile.write("x".utf8, to: source)
        for place in ["site/link/x", "site/link/new/x"] {
            var plan = site.plan
            plan.placements.append(.init(source: source, target: site.top.joined(place), sha256: ""))
            #expect(throws: BundleError.self) {
                try BundleInstaller(journals: site.top.joined("journal")).install(
                    plan, .init(set: { _ in }, holds: { _ in false }))
            }
            #expect(try real.directoryNames().isEmpty)
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

    @Test func `a folder from another file system keeps what it is`() throws {
        try elsewhere { folder in
            let site = try Site(Scratch.directory, elsewhere: folder)
            let new = folder.joined("stage/trees/new")
            try new.joined("file").changePermissions(0o4711)
            _ = try Tool("ln", [Word(new.joined("file")), Word(new.joined("second"))]).output()
            try new.joined("link").createSymbolicLink(to: "/etc/passwd")
            _ = try Tool("mknod", [Word(new.joined("null")), "c", "1", "3"]).output()
            try BundleInstaller(journals: site.top.joined("journal")).install(
                site.plan, .init(set: { _ in }, holds: { _ in false }))
            let tree = site.top.joined("site/tree")
            let (one, two) = (try #require(try tree.joined("file").status()), try tree.joined("second").status())
            #expect(one.inode == two?.inode && one.permissions == 0o4711)
            #expect(try tree.joined("link").status()?.kind == .symbolicLink)
            #expect(try tree.joined("null").status()?.kind == .characterDevice)
            #expect(try site.top.joined("site").directoryNames().allSatisfy { $0.bytes.first != 0x2e })
            #expect(try folder.directoryNames().isEmpty)
        }
    }

    @Test func `copies and links are made in the stage, and what is copied goes its own way`() throws {
        var site = try Site(Scratch.directory)
        let stage = site.top.joined("stage")
        let script = Digest.of("new".utf8).description
        var copy = InstallPlan.Placement(
            source: stage.joined(".made-0"), target: site.top.joined("site/scripts/file"), sha256: script)
        copy.copyOf = JSONName(stage.joined("trees/new/file").bytes)
        var link = InstallPlan.Placement(
            source: stage.joined(".made-1"), target: site.top.joined("site/scripts/link"),
            sha256: Digest.of("/a/b".utf8).description)
        link.linkTo = JSONName(Array("/a/b".utf8))
        site.plan.placements += [copy, link]
        let plan = try InstallPlan.read(site.plan.json)
        var locked: [FilePath] = []
        try BundleInstaller(journals: site.top.joined("journal")).install(
            plan, .init(set: { _ in }, holds: { _ in false })
        ) { locked.append($0) }
        #expect(try site.top.joined("site/scripts/file").readText() == "new")
        #expect(try site.top.joined("site/tree/file").readText() == "new")
        #expect(try Tool("readlink", [Word(site.top.joined("site/scripts/link"))]).output().text == "/a/b\n")
        #expect(locked == [site.top.joined("site/made")])
    }

    @Test(arguments: [true, false])
    func `a root image's folder that somebody else has by now stops the import`(isHeld: Bool) throws {
        let site = try Site(Scratch.directory)
        let before = try site.state()
        let installer = BundleInstaller(journals: site.top.joined("journal"))
        #expect(throws: (any Error).self) {
            try installer.install(site.plan, .init(set: { _ in }, holds: { _ in false })) { folder in
                if isHeld { throw Death() }
                // The lock is free again, but something was built there.
                try AtomicFile.write("theirs".utf8, to: folder.joined("x"))
            }
        }
        #expect(try site.state() == before.merging(isHeld ? [:] : ["made": "/", "made/x": "theirs"]) { $1 })
    }

    @Test func `a link does not become a root image`() throws {
        let site = try Site(Scratch.directory)
        let before = try site.state()
        let tree = site.top.joined("stage/trees/new")
        try tree.removeTree()
        try tree.createSymbolicLink(to: "/etc")
        #expect(throws: BundleError.self) {
            try BundleInstaller(journals: site.top.joined("journal")).install(
                site.plan, .init(set: { _ in }, holds: { _ in false }))
        }
        #expect(try site.state() == before)
    }
}
