internal import FoundationEssentials
internal import Support
public import SystemPackage

/// An import that is under way or was cut short: `<folder>/plan.json` and hard links of the files that it replaces.
public struct InstallJournal: Sendable {
    /// Beside a root image that an unfinished import touches: names the journal's folder.
    public static let pointerName = ".import"

    /// What the plan became when it was begun.
    struct Record: Codable {
        var plan: InstallPlan
        /// Hard links of replaced files, one for each placement; nil where nothing is replaced.
        var saved: [JSONName?]
        /// Names in the targets' folders for files that come from another file system; nil for a plain rename.
        var staged: [JSONName?]
        /// The same for folders that go into place as a whole.
        var stagedTrees: [JSONName?]
        /// Folders that are made for the import, parents first.
        var made: [JSONName]
        var version = 1
    }

    private static let planName = "plan.json"
    /// What the plan is called once files and rows are in place.
    private static let placedName = "placed.json"
    /// What the plan is called once all is done or undone and only traces are left.
    private static let endedName = "ended.json"
    /// What the plan is called while it is undone: then there is only one way.
    private static let undoneName = "undo.json"

    public let folder: FilePath
    let record: Record
    let isEnded: Bool
    /// Whether files and rows are in place: the import stands, and only what follows them is missing.
    public let isPlaced: Bool
    /// Whether somebody began to undo it.
    let isUndone: Bool
    /// The file that says all this.
    private let file: FilePath

    private init(_ folder: FilePath, _ record: Record, as name: String) {
        (self.folder, self.record, file) = (folder, record, folder.joined(name))
        (isEnded, isPlaced, isUndone) = (
            name == Self.endedName, name == Self.placedName, name == Self.undoneName
        )
    }

    public var images: [String] { record.plan.images }
    public var plan: InstallPlan { record.plan }

    /// Reads the journal of `folder`; nil when none was written, so that nothing can have been changed.
    public static func open(_ folder: FilePath) throws -> InstallJournal? {
        let names = [endedName, placedName, undoneName, planName]
        guard let name = names.first(where: { folder.joined($0).exists }) else { return nil }
        let file = folder.joined(name)
        guard let record = try? JSONDecoder().decode(Record.self, from: Data(try file.readBytes(limit: 1 << 30))),
            record.version == 1, record.saved.count == record.plan.placements.count,
            record.staged.count == record.plan.placements.count,
            record.stagedTrees.count == record.plan.trees.count
        else { throw BundleError.badPlan("the journal '\(folder.printable)' cannot be read") }
        try record.plan.check()
        return InstallJournal(folder, record, as: name)
    }

    /// Decides what is needed for going back, and makes it durable, before anything is changed.
    static func begin(_ plan: InstallPlan, in journals: FilePath) throws -> InstallJournal {
        let folder = journals.joined(plan.id)
        try folder.createDirectories(permissions: 0o700)
        guard let own = try folder.status() else { throw FileError("examine", folder, .noSuchFileOrDirectory) }
        var record = Record(plan: plan, saved: [], staged: [], stagedTrees: [], made: [])
        var missing: Set<[UInt8]> = []
        for (number, placement) in plan.placements.enumerated() {
            let target = FilePath(bytes: placement.target.bytes)
            let parent = target.removingLastComponent()
            let holder = try existing(parent, &missing, &record.made)
            let name = target.lastName.printable
            let isHere = holder.device == own.device
            record.saved.append(
                placement.replaces == nil
                    ? nil
                    : JSONName((isHere ? folder.joined("\(number)") : parent.joined(".\(name).saved-\(plan.id)")).bytes)
            )
            guard let source = try FilePath(bytes: placement.source.bytes).status() else {
                throw FileError("open", FilePath(bytes: placement.source.bytes), .noSuchFileOrDirectory)
            }
            record.staged.append(
                source.device == holder.device ? nil : JSONName(parent.joined(".\(name).tmp-\(plan.id)").bytes))
        }
        for folder in plan.made ?? [] {
            _ = try existing(FilePath(bytes: folder.target.bytes), &missing, &record.made)
        }
        for tree in plan.trees {
            let target = FilePath(bytes: tree.target.bytes)
            let parent = target.removingLastComponent()
            let holder = try existing(parent, &missing, &record.made)
            // What is unpacked later lies in the stage too.
            let isHere = holder.device == (try FilePath(bytes: plan.stage.bytes).targetStatus() ?? own).device
            record.stagedTrees.append(
                isHere ? nil : JSONName(parent.joined(".\(target.lastName.printable).tmp-\(plan.id)").bytes))
        }
        let journal = InstallJournal(folder, record, as: planName)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(try encoder.encode(record), to: folder.joined(planName), permissions: 0o600)
        try journals.synchronizeDirectory()
        return journal
    }

    /// Lets whoever locks a touched root image find the journal.
    func point() throws {
        for root in record.plan.folders {
            try AtomicFile.write(
                folder.bytes, to: FilePath(bytes: root.bytes).joined(Self.pointerName), permissions: 0o600)
        }
    }

    /// Takes the pointers away: whoever locks the root images finds nothing to end.
    func unpoint() throws {
        for root in record.plan.folders {
            let folder = FilePath(bytes: root.bytes)
            guard folder.isDirectory else { continue }
            try folder.joined(Self.pointerName).removeFile()
            // Who writes it may be killed before it has its name.
            try AtomicFile.sweep(folder.joined(Self.pointerName))
        }
    }

    /// Says, durably, that files and rows are in place.
    func place() throws -> InstallJournal {
        isPlaced ? self : try renamed(Self.placedName)
    }

    /// Says, durably, that it is undone from now on.
    func undoing() throws -> InstallJournal { isUndone ? self : try renamed(Self.undoneName) }

    private func renamed(_ name: String) throws -> InstallJournal {
        try file.rename(to: folder.joined(name))
        return InstallJournal(folder, record, as: name)
    }

    // MARK: - Which folders are ours

    private func mark(of number: Int) -> FilePath { folder.joined("tree-\(number)") }

    /// Notes, durably, the folder that is about to go into place as a whole.
    func note(_ tree: FilePath, as number: Int) throws {
        guard let status = try tree.status() else { throw FileError("examine", tree, .noSuchFileOrDirectory) }
        // Its device may have another number after a reboot.
        try AtomicFile.write("\(status.inode)".utf8, to: mark(of: number), permissions: 0o600)
    }

    /// Whether what is at the target of a folder is the one that was noted.
    func isPlaced(_ number: Int) throws -> Bool {
        let target = FilePath(bytes: record.plan.trees[number].target.bytes)
        guard mark(of: number).exists, let status = try target.status() else { return false }
        return try status.kind == .directory && mark(of: number).readText(limit: 64) == "\(status.inode)"
    }

    /// What genimage noted of a root image before the import is not of the one that has taken its place.
    func forgetStates() throws {
        guard let begun = try file.status() else { return }
        for tree in record.plan.trees {
            let target = FilePath(bytes: tree.target.bytes)
            let state = target.removingLastComponent().joined(".state")
            guard target.lastName == "rootimg", let status = try state.status() else { continue }
            // The journal's time is that of its beginning, and since then the lock was held.
            if status.modified.seconds <= begun.modified.seconds { try state.removeFile() }
        }
    }

    /// The nearest folder that exists; those that do not are noted, parents first.
    private static func existing(
        _ folder: FilePath, _ missing: inout Set<[UInt8]>, _ made: inout [JSONName]
    ) throws -> FileStatus {
        var chain: [FilePath] = []
        var place = folder
        while true {
            if let status = try place.targetStatus() {
                guard status.kind == .directory else { throw FileError("create directory", folder, .notDirectory) }
                for new in chain.reversed() where missing.insert(new.bytes).inserted {
                    made.append(JSONName(new.bytes))
                }
                return status
            }
            chain.append(place)
            place = place.removingLastComponent()
        }
    }

    /// The journal is of no use any more: everything is done or undone.
    ///
    /// Killed in between it is ended by whoever finds it: the first rename says that only traces are left.
    func end() throws {
        if !isEnded { _ = try renamed(Self.endedName) }
        try FilePath(bytes: record.plan.stage.bytes).removeTree()
        for (number, saved) in record.saved.enumerated() {
            if let staged = record.staged[number] { try FilePath(bytes: staged.bytes).removeFile() }
            if let saved { try FilePath(bytes: saved.bytes).removeFile() }
        }
        for staged in record.stagedTrees {
            if let staged { try FilePath(bytes: staged.bytes).removeTree() }
        }
        try unpoint()
        try folder.removeTree()
    }
}
