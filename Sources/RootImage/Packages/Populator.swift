public import Profiles
public import Sandbox
public import Support
public import SystemPackage

/// The flow that makes or changes the packages of a root image, whatever the package manager.
///
/// A first or fresh build happens beside the tree and takes its place in one step. A later run changes the tree where it is, after marking
/// it unfinished; changes by hand stay.
public struct Populator {
    public struct Options: Sendable {
        /// Start from a copy of this tree instead of nothing.
        public var base: FilePath?
        public var isFresh = false
        /// With `isFresh`: even if files were changed by hand.
        public var discardsChanges = false
        /// Names that left the lists stay in the image.
        public var keepsRemoved = false
        public var updates = true
        /// The packages of an earlier build: exactly these, in these versions, or nothing is done.
        public var locked: PackageLock?

        public init() {}
    }

    private let folder: ImageFolder
    private let driver: any PackageDriver
    private let options: Options
    private let requests: [PackageRequest]

    public init(_ folder: ImageFolder, driver: any PackageDriver, requests: [PackageRequest], options: Options) {
        (self.folder, self.driver, self.requests, self.options) = (folder, driver, requests, options)
    }

    /// What `run` would change, computed without changing the tree.
    public func plan(_ lock: borrowing ImageLock) throws -> PackagePlan {
        try driver.refresh(lock)
        let plan = try driver.plan(try transaction(), on: origin, lock)
        try options.locked?.check(plan, before: try origin.map { try driver.packages(of: $0) } ?? [:])
        return plan
    }

    /// - Returns: what changed, sorted by name.
    public func run(_ lock: borrowing ImageLock) throws -> [PackageChange] {
        if options.isFresh, !options.discardsChanges { try refuseToLoseChanges() }
        try driver.refresh(lock)
        let transaction = try transaction()
        // Every name and dependency is resolved before anything changes.
        if let tree = existingTree, try isInterrupted() {
            let unwanted = transaction.dropped + transaction.removable.sorted()
            let before = try ImageState.read(folder)?.before
            try driver.repair(tree, PackageInterruption(unwanted: unwanted, before: before), lock)
        }
        let plan = try driver.plan(transaction, on: origin, lock)
        try options.locked?.check(plan, before: try origin.map { try driver.packages(of: $0) } ?? [:])
        let before = try existingTree.map { try driver.packages(of: $0) } ?? [:]
        if existingTree != nil, !options.isFresh, options.base == nil {
            try change(transaction, plan, lock)
        } else {
            try build(transaction, plan, lock)
        }
        return PackageChange.between(before, try driver.packages(of: folder.tree))
    }

    private var existingTree: FilePath? { folder.tree.isDirectory ? folder.tree : nil }

    /// The tree that the packages are added to; nil for an empty one.
    private var origin: FilePath? { options.base ?? (options.isFresh ? nil : existingTree) }

    private func isInterrupted() throws -> Bool {
        guard !options.isFresh, options.base == nil else { return false }
        return try ImageState.read(folder)?.step == .populating
    }

    private func transaction() throws -> PackageTransaction {
        var transaction = PackageTransaction(requests)
        transaction.upgrades = options.updates
        guard origin == folder.tree, !options.keepsRemoved, let state = try ImageState.read(folder) else {
            return transaction
        }
        let names = Set(transaction.installations.map(\.name))
        transaction.dropped = state.requested.filter { !names.contains($0.name) }.map(\.package)
        transaction.removable = Set(state.installed)
        return transaction
    }

    private func refuseToLoseChanges() throws {
        guard existingTree != nil, let changes = try HandChanges(folder), !changes.lines.isEmpty else { return }
        throw PopulateError.changedByHand(folder.tree, changes.lines)
    }

    private func build(_ transaction: PackageTransaction, _ plan: PackagePlan, _ lock: borrowing ImageLock) throws {
        let tree = try folder.makeTemporary("rootimg")
        do {
            if let base = options.base {
                try TreeCopy(base, to: tree).run()
            } else {
                try driver.bootstrap(tree, lock)
            }
            let isNew = options.base == nil
            let before = isNew ? [:] : try driver.packages(of: tree)
            try install(transaction, plan, to: tree, isNew: isNew, lock)
            try synchronize(tree)
            let added = Set(try driver.packages(of: tree).keys).subtracting(before.keys)
            let state = self.state(plan, installed: added)
            if folder.tree.exists {
                try state.write(folder)
                try tree.exchange(with: folder.tree)
            } else {
                try tree.rename(to: folder.tree)
                try state.write(folder)
            }
            try folder.listingFile.removeFile()
            try folder.changesFile.removeFile()
        } catch {
            try? tree.removeTree()
            throw error
        }
        // After the exchange the temporary name holds the old tree.
        try tree.removeTree()
    }

    private func change(_ transaction: PackageTransaction, _ plan: PackagePlan, _ lock: borrowing ImageLock) throws {
        let earlier = try ImageState.read(folder)
        let versions = try driver.packages(of: folder.tree)
        let before = Set(versions.keys)
        try HandChanges.remember(folder)
        // A run that ended early may have brought every package, and not yet cleaned up after them.
        if !plan.changes.isEmpty || earlier?.step == .populating {
            try apply(transaction, plan, earlier, versions, lock)
        }
        let after = Set(try driver.packages(of: folder.tree).keys)
        // A name that left the list and is still needed is from now on what others need.
        let known = (earlier?.installed ?? []) + (earlier?.requested ?? []).map(\.package)
        var state = self.state(plan, installed: after.subtracting(before).union(known).intersection(after))
        if options.keepsRemoved {
            let named = Set(state.requested.map(\.name))
            state.requested += (earlier?.requested ?? []).filter {
                !named.contains($0.name) && after.contains($0.package)
            }
        }
        try state.write(folder)
    }

    /// Changes the tree where it is.
    ///
    /// - Parameter versions: of the packages before.
    private func apply(
        _ transaction: PackageTransaction, _ plan: PackagePlan, _ earlier: ImageState?, _ versions: [String: String],
        _ lock: borrowing ImageLock
    ) throws {
        // If this run ends early, the next one knows what it may have brought.
        let planned = self.state(plan, installed: Set(plan.changes.filter { $0.old == nil }.map(\.name)))
        var state = earlier ?? planned
        state.step = .populating
        // An interrupted run is repaired with what was there before the first of them.
        state.before = earlier?.before ?? versions
        state.requested += planned.requested.filter { !state.requested.contains($0) }
        state.installed = Set(state.installed).union(planned.installed).sorted()
        try state.write(folder)
        try install(transaction, plan, to: folder.tree, isNew: false, lock)
        try synchronize(folder.tree)
    }

    /// Not every package manager says that a disk is full: zypper speaks of packages that it cannot provide.
    private func install(
        _ transaction: PackageTransaction, _ plan: PackagePlan, to tree: FilePath, isNew: Bool,
        _ lock: borrowing ImageLock
    ) throws {
        do {
            try driver.apply(transaction, plan, to: tree, isNew: isNew, lock)
        } catch let error as any Diagnosable {
            let free = try tree.freeBytes()
            guard free < 16 << 20 else { throw error }
            throw PopulateError.diskFull(tree.removingLastComponent(), free: free, "\(error.diagnostic)")
        }
    }

    private func state(_ plan: PackagePlan, installed: Set<String>) -> ImageState {
        let requested = plan.selected.flatMap { name, packages in
            packages.map { ImageState.Requested(name: name, package: $0) }
        }
        let named = Set(requested.map(\.package))
        return ImageState(
            step: .populated, requested: requested.sorted { ($0.name, $0.package) < ($1.name, $1.package) },
            installed: installed.subtracting(named).sorted())
    }

    /// Package managers ran without fsync.
    private func synchronize(_ tree: FilePath) throws {
        let descriptor = try FileError.wrap("open directory", tree) {
            try FileDescriptor.open(tree, .readOnly, options: [.directory, .closeOnExec])
        }
        defer { try? descriptor.close() }
        try FileSystemSync.run(descriptor, tree)
    }
}

public enum PopulateError: Diagnosable, Equatable {
    /// Lines of `HandChanges`.
    case changedByHand(FilePath, [String])
    /// Of the folder's file system so many bytes are free; with what the package manager said.
    case diskFull(FilePath, free: Int64, String)

    public var diagnostic: Diagnostic {
        switch self {
        case .diskFull(let folder, let free, let words):
            return Diagnostic(
                "no space left on device, \(free >> 20) MiB are free", subject: folder.printable,
                remedy: "make room there: catboat gc, rmimage\n\(words)")
        case .changedByHand(let tree, let lines):
            let shown = lines.prefix(40) + (lines.count > 40 ? ["… and \(lines.count - 40) more"] : [])
            return Diagnostic(
                "files were changed by hand\n" + shown.joined(separator: "\n") + "\nin the root image",
                subject: tree.printable,
                remedy: "keep them without --fresh, or lose them with --fresh --discard-changes")
        }
    }
}
