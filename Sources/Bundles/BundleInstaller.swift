internal import CLinux
public import Digests
internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Puts the files of an import into place and its rows into the store: all of it, or nothing.
///
/// Files are renamed one by one, so a kill may come between; a journal, durable before the first of them, says how to go
/// back. The rows are set in one transaction after the last file. Whoever finds the journal later goes back when the rows
/// are as they were, and on when they are set. What follows the rows, publishing and the history, is done before the
/// journal goes.
public struct BundleInstaller: Sendable {
    /// What the store is asked for, by whoever can reach it.
    public struct Rows {
        /// Carries out a batch of table-set.
        public var set: (String) throws -> Void
        /// Whether what a batch of expectations says holds.
        public var holds: (String) throws -> Bool

        public init(set: @escaping (String) throws -> Void, holds: @escaping (String) throws -> Bool) {
            (self.set, self.holds) = (set, holds)
        }
    }

    /// How an import that was cut short ended.
    public enum Ending: String, Sendable { case undone, completed }

    private let journals: FilePath
    /// Called after every change of the file system, by tests that die there.
    var afterStep: @Sendable () throws -> Void = {}
    /// Told of a file that was edited after the import had placed it, and where it is kept now that the old one is back.
    private let keptEdit: @Sendable (_ file: FilePath, _ kept: FilePath) -> Void

    /// - Parameter journals: folder of the journals, `<installdir>/.catboat/journal`.
    public init(
        journals: FilePath, keptEdit: @escaping @Sendable (_ file: FilePath, _ kept: FilePath) -> Void = { _, _ in }
    ) {
        (self.journals, self.keptEdit) = (journals, keptEdit)
    }

    /// - Parameter lock: locks a root image's folder that was just made; those that were there are locked already.
    /// - Parameter finish: does what follows when files and rows are in place; also twice.
    /// - Throws: what went wrong, after everything was undone; `BundleError.unfinished` when the import stands.
    public func install(
        _ plan: InstallPlan, _ rows: Rows, lock: (FilePath) throws -> Void = { _ in },
        finish: (InstallPlan) throws -> Void = { _ in }
    ) throws {
        try check(plan)
        try Self.prepare(plan)
        let journal = try InstallJournal.begin(plan, in: journals)
        do {
            try place(journal) { folder in
                try lock(folder)
                // Someone may have built there since we looked.
                try check(plan, below: folder)
            }
            try rows.set(plan.batch)
        } catch {
            // The store may have taken the rows although the step did not end well.
            // A store that does not answer: then the journal stays, and somebody finds out later.
            guard try Self.isPlaced(journal) && rows.holds(plan.proof) else {
                try undo(journal)
                throw error
            }
        }
        try end(journal, rows, finish)
    }

    /// Does what follows files and rows. When that cannot be done the import stands: the journal stays for a better day,
    /// and the root images are free.
    private func end(_ journal: InstallJournal, _ rows: Rows, _ finish: (InstallPlan) throws -> Void) throws {
        let placed = try journal.place()
        do {
            if let closing = placed.plan.closing { try rows.set(closing) }
            try placed.forgetStates()
            try finish(placed.plan)
        } catch {
            try? placed.unpoint()
            throw BundleError.unfinished(images: placed.images, journal: placed.folder)
        }
        try placed.end()
    }

    /// Ends an import that was cut short.
    /// - Throws: `BundleError.unfinished` when the import stands, but what follows could not be done.
    public func recover(
        _ journal: InstallJournal, _ rows: Rows, finish: (InstallPlan) throws -> Void = { _ in }
    ) throws -> Ending {
        if journal.isEnded {
            try journal.end()
            return .completed
        }
        if !journal.isPlaced {
            guard try !journal.isUndone && rows.holds(journal.plan.proof) else {
                try undo(journal)
                return .undone
            }
            try place(journal)
        }
        try end(journal, rows, finish)
        return .completed
    }

    /// Gives up what follows the files and rows of an import that stands.
    /// - Throws: `BundleError.conflict` for one that would be half done.
    public func forget(_ journal: InstallJournal) throws {
        guard journal.isPlaced || journal.isEnded else {
            throw BundleError.conflict("its files and rows are not all in place: use --recover", path: journal.folder)
        }
        try journal.end()
    }

    /// Makes in the stage what is copied and linked, so that it goes into place like everything else.
    private static func prepare(_ plan: InstallPlan) throws {
        for placement in plan.placements {
            let source = FilePath(bytes: placement.source.bytes)
            if let link = placement.linkTo {
                try source.createSymbolicLink(to: FilePath(bytes: link.bytes))
            } else if let original = placement.copyOf.map({ FilePath(bytes: $0.bytes) }) {
                guard let status = try original.status() else {
                    throw FileError("open", original, .noSuchFileOrDirectory)
                }
                try copy(original, to: source, status)
            }
        }
    }

    /// What is there must be what the plan was made for.
    /// - Parameter folder: nothing but what goes below it is looked at.
    private func check(_ plan: InstallPlan, below folder: FilePath = "/") throws {
        for placement in plan.placements {
            let target = FilePath(bytes: placement.target.bytes)
            guard target.starts(with: folder) else { continue }
            try Self.checkWay(to: target)
            guard try Self.digest(target)?.description == placement.replaces else {
                throw BundleError.conflict("file was changed since the import was planned", path: target)
            }
            if let backup = placement.backup.map({ FilePath(bytes: $0.bytes) }), backup.exists {
                throw BundleError.conflict("there is a file of this name already", path: backup)
            }
        }
        for made in plan.made ?? [] {
            let target = FilePath(bytes: made.target.bytes)
            if target.starts(with: folder) { try Self.checkWay(to: target) }
        }
        for tree in plan.trees {
            let target = FilePath(bytes: tree.target.bytes)
            guard target.starts(with: folder) else { continue }
            try Self.checkWay(to: target)
            let source = FilePath(bytes: tree.source.bytes)
            guard try source.status()?.kind == .directory else {
                throw BundleError.conflict("what should become a folder is none", path: source)
            }
            guard target.exists == (tree.backup != nil) else {
                throw BundleError.conflict("folder was made or removed since the import was planned", path: target)
            }
            if let backup = tree.backup.map({ FilePath(bytes: $0.bytes) }), backup.exists {
                throw BundleError.conflict("there is a folder of this name already", path: backup)
            }
        }
    }

    /// Digest of a file, or of a symbolic link's target; nil when nothing is there.
    /// - Throws: `BundleError.conflict` for a folder or a special file.
    public static func digest(_ path: FilePath) throws -> Digest? {
        guard let status = try path.status() else { return nil }
        switch status.kind {
        case .regular: return try Digest.ofFile(path)
        case .symbolicLink: return Digest.of(try FileDescriptor(rawValue: AT_FDCWD).linkTarget(at: path))
        default: throw BundleError.conflict("something other than a file is in the way", path: path)
        }
    }

    // MARK: - Forward

    /// Every step leaves things as they are when it was done before.
    /// - Parameter enter: called with each root image's folder that was made.
    func place(_ journal: InstallJournal, enter: (FilePath) throws -> Void = { _ in }) throws {
        let modes = (journal.plan.made ?? []).map { ($0.target, UInt32($0.mode, radix: 8) ?? 0o755) }
        let given = Dictionary(modes) { first, _ in first }
        for folder in journal.record.made {
            let path = FilePath(bytes: folder.bytes)
            let result = path.withPlatformString { mkdir($0, 0o755) }
            if result != 0, !path.isDirectory { throw FileError("create directory", path, .latest) }
            // Whatever the umask: nodes read what is in it.
            if result == 0 { try path.changePermissions((given[folder] ?? 0o755) & 0o755) }
            if journal.plan.folders.contains(where: { $0.bytes == folder.bytes }) { try enter(path) }
            try afterStep()
        }
        try journal.point()
        try afterStep()
        var touched: Set<FilePath> = Set(
            journal.record.made.map { FilePath(bytes: $0.bytes).removingLastComponent() })
        for number in journal.plan.placements.indices {
            try place(number, journal)
            touched.insert(FilePath(bytes: journal.plan.placements[number].target.bytes).removingLastComponent())
        }
        for (number, tree) in journal.plan.trees.enumerated() {
            try place(tree, number, journal)
            touched.insert(FilePath(bytes: tree.target.bytes).removingLastComponent())
        }
        // The rows must not be durable before the files are.
        for folder in touched { try folder.synchronizeDirectory() }
    }

    private func place(_ number: Int, _ journal: InstallJournal) throws {
        let placement = journal.plan.placements[number]
        let (source, target) = (FilePath(bytes: placement.source.bytes), FilePath(bytes: placement.target.bytes))
        guard let status = try source.status() else { return }
        if let saved = journal.record.saved[number].map({ FilePath(bytes: $0.bytes) }) {
            try Self.link(target, as: saved)
            try saved.removingLastComponent().synchronizeDirectory()
            try afterStep()
            if let backup = placement.backup { try Self.link(target, as: FilePath(bytes: backup.bytes)) }
            try afterStep()
        }
        // Nothing but the permissions changes: then owner and group stay.
        if status.kind == .regular, placement.replaces == placement.sha256, let old = try target.status() {
            try source.changeOwner(old.owner, old.group)
            if placement.mode == nil {
                try source.changePermissions(status.permissions & 0o755 | old.permissions & 0o022)
            }
        }
        if status.kind == .regular, let mode = placement.mode.flatMap({ UInt32($0, radix: 8) }) {
            try source.changePermissions(mode & 0o755)
        }
        if let staged = journal.record.staged[number].map({ FilePath(bytes: $0.bytes) }) {
            try Self.folder(of: target).close()
            try staged.removeFile()
            try Self.copy(source, to: staged, status)
            try Self.put(staged, target)
            try source.removeFile()
        } else {
            try Self.put(source, target)
        }
        try afterStep()
    }

    private func place(_ tree: InstallPlan.Tree, _ number: Int, _ journal: InstallJournal) throws {
        // Where it is copied to first when it comes from another file system.
        let staged = journal.record.stagedTrees[number].map { FilePath(bytes: $0.bytes) }
        let (source, target) = (FilePath(bytes: tree.source.bytes), FilePath(bytes: tree.target.bytes))
        guard source.exists else { return }
        try Self.folder(of: target).close()
        let isPlaced = try journal.isPlaced(number)
        if let staged, !isPlaced {
            try staged.removeTree()
            try Self.copyTree(source, to: staged)
            try afterStep()
        }
        if !isPlaced { try journal.note(staged ?? source, as: number) }
        try afterStep()
        if let backup = tree.backup.map({ FilePath(bytes: $0.bytes) }), target.exists, !backup.exists {
            try Self.rename(target, backup)
            try afterStep()
        }
        if let staged {
            if !isPlaced { try Self.put(staged, target) }
            try afterStep()
            try source.removeTree()
        } else {
            try Self.put(source, target)
        }
        try afterStep()
    }

    /// Whether every file left the stage.
    private static func isPlaced(_ journal: InstallJournal) -> Bool {
        !journal.plan.placements.contains { FilePath(bytes: $0.source.bytes).exists }
            && !journal.plan.trees.contains { FilePath(bytes: $0.source.bytes).exists }
    }

    // MARK: - Back

    private func undo(_ journal: InstallJournal) throws {
        let journal = try journal.undoing()
        try afterStep()
        for (number, tree) in journal.plan.trees.enumerated().reversed() {
            let (source, target) = (FilePath(bytes: tree.source.bytes), FilePath(bytes: tree.target.bytes))
            if let staged = journal.record.stagedTrees[number] {
                try FilePath(bytes: staged.bytes).removeTree()
                if try journal.isPlaced(number) { try target.removeTree() }
            } else if !source.exists, try journal.isPlaced(number) {
                try Self.rename(target, source)
            }
            if let backup = tree.backup.map({ FilePath(bytes: $0.bytes) }), backup.exists, !target.exists {
                try Self.rename(backup, target)
            }
        }
        for number in journal.plan.placements.indices.reversed() { try undo(number, journal) }
        try journal.unpoint()
        for root in journal.plan.folders {
            let folder = FilePath(bytes: root.bytes)
            // The lock file of a folder that we made, which nobody else can have found.
            if journal.record.made.contains(where: { $0.bytes == root.bytes }) {
                try folder.joined(".lock").removeFile()
            }
        }
        for folder in journal.record.made.reversed() {
            let path = FilePath(bytes: folder.bytes)
            // Someone may have put something there since: then it stays.
            _ = path.withPlatformString { rmdir($0) }
        }
        try journal.end()
    }

    private func undo(_ number: Int, _ journal: InstallJournal) throws {
        let placement = journal.plan.placements[number]
        let target = FilePath(bytes: placement.target.bytes)
        if let staged = journal.record.staged[number] { try FilePath(bytes: staged.bytes).removeFile() }
        guard let saved = journal.record.saved[number].map({ FilePath(bytes: $0.bytes) }) else {
            // Nothing was there: what is there now is ours, if it is what we brought.
            if try Self.digestIfFile(target)?.description == placement.sha256 { try target.removeFile() }
            return
        }
        guard let old = try saved.status() else { return }
        if let backup = placement.backup.map({ FilePath(bytes: $0.bytes) }), let kept = try backup.status(),
            (kept.device, kept.inode) == (old.device, old.inode)
        {
            try backup.removeFile()
        }
        try keepEdit(of: target, placement, old)
        try Self.rename(saved, target)
        // Two names of one file are not renamed: rename(2).
        try saved.removeFile()
        try target.removingLastComponent().synchronizeDirectory()
    }

    /// Someone may have edited what the import placed before it was undone.
    private func keepEdit(of target: FilePath, _ placement: InstallPlan.Placement, _ old: FileStatus) throws {
        guard let present = try target.status(), present.kind != .directory,
            (present.device, present.inode) != (old.device, old.inode),
            try Self.digestIfFile(target)?.description != placement.sha256
        else { return }
        var number = 1
        var kept: FilePath { KeptCopy.edited(target, number) }
        // An undo that was killed may have kept it.
        func isThere(_ other: FileStatus) -> Bool { (other.device, other.inode) == (present.device, present.inode) }
        while let other = try kept.status(), !isThere(other) { number += 1 }
        if try kept.status() == nil { try Self.link(target, as: kept) }
        keptEdit(target, kept)
    }

    private static func digestIfFile(_ path: FilePath) throws -> Digest? {
        guard let status = try path.status(), status.kind == .regular || status.kind == .symbolicLink else {
            return nil
        }
        return try digest(path)
    }
}
