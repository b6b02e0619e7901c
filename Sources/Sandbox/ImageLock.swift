internal import CLinux
public import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// The right to change the root image of one folder: `flock` on `<rootimgdir>/.lock`.
///
/// A parent that holds it names its descriptor in `CATBOAT_LOCK_FD`; then the lock is borrowed from there. It is free again when the last
/// process that has the descriptor is gone, so nothing stale can be left behind.
public struct ImageLock: ~Copyable, Sendable {
    /// Name of the lock file in rootimgdir.
    public static let fileName = ".lock"
    /// Name of the variable that hands a held lock down.
    public static let variable = "CATBOAT_LOCK_FD"

    public let descriptor: FileDescriptor
    private let isBorrowed: Bool

    /// Beside a root image that an unfinished import touches: names the folder of its journal.
    public static let importName = ".import"

    /// Takes the lock of `folder`, which must exist. An import that was cut short there is ended first.
    ///
    /// - Parameter endsImports: false for whoever ends them.
    /// - Throws: `ImageLockError.busy` with the holder's process when another command has it, `.unfinishedImport` when
    ///   that could not be ended.
    public init(_ folder: FilePath, environment: Environment = .current, endsImports: Bool = true) throws {
        let file = try folder.resolved().joined(Self.fileName)
        if let held = try Self.inherited(file, environment) {
            descriptor = held
            isBorrowed = true
            return
        }
        let acquired = try Self.acquire(file, folder)
        do {
            if endsImports { try Self.endImport(folder, holding: acquired) }
        } catch {
            try? acquired.close()
            throw error
        }
        descriptor = acquired
        isBorrowed = false
    }

    /// Lets bundle-install end an import that died here, before anybody looks at what it left.
    private static func endImport(_ folder: FilePath, holding lock: FileDescriptor) throws {
        let pointer = folder.joined(importName)
        guard pointer.exists else { return }
        let journal = FilePath(bytes: try pointer.readBytes(limit: 4096))
        // Of a journal that somebody took away only the pointer was left.
        guard journal.exists else { return try pointer.removeFile() }
        guard try isOwn(journal) else { throw ImageLockError.foreignImport(folder) }
        var tool = Tool("/proc/self/exe", ["--recover", Word(journal)])
        tool.argumentZero = "bundle-install"
        tool.descriptors[11] = lock
        tool.environment[variable] = "11"
        let isEnded = try tool.run(output: .null).isSuccess && !journal.exists
        // Of an import that stands, but could not be recorded, it took the pointer away, and said what to do.
        guard isEnded || !pointer.exists else { throw ImageLockError.unfinishedImport(folder, journal: journal) }
        try pointer.removeFile()
    }

    /// Whether a folder can only have been made by an import of ours: what a journal says is done as root. Neither a bundle
    /// nor a root image brings such a folder to such a place.
    private static func isOwn(_ journal: FilePath) throws -> Bool {
        let names = journal.components.map(\.string)
        guard journal.isAbsolute, Array(names.dropLast().suffix(2)) == [".catboat", "journal"],
            !names.contains("rootimg"), try journal.resolved() == journal
        else { return false }
        return try [journal, journal.removingLastComponent()].allSatisfy { folder in
            guard let status = try folder.status() else { return false }
            // A journal's own folder nobody else may even enter.
            let forbidden: UInt32 = folder == journal ? 0o077 : 0o022
            return status.kind == .directory && status.owner == geteuid() && status.permissions & forbidden == 0
        }
    }

    /// A second holder of the same lock, for work that outlives a borrow of it.
    public init(sharing other: borrowing ImageLock) throws {
        descriptor = try FileError.wrap("duplicate lock", FilePath(Self.fileName)) { try other.descriptor.duplicate() }
        _ = fcntl(descriptor.rawValue, F_SETFD, FD_CLOEXEC)
        isBorrowed = false
    }

    deinit {
        if !isBorrowed { try? descriptor.close() }
    }

    /// For a child that shall act under our lock: give it `descriptor` under this number and tell it so.
    public func lend(to tool: inout Tool, as number: CInt = 11) {
        tool.descriptors[number] = descriptor
        tool.environment[Self.variable] = Word("\(number)")
    }

    /// The descriptor of the parent's lock, if it is this very file.
    private static func inherited(_ file: FilePath, _ environment: Environment) throws(FileError) -> FileDescriptor? {
        guard let number = environment.text(variable).flatMap({ CInt($0) }), number > 2 else { return nil }
        let descriptor = FileDescriptor(rawValue: number)
        guard let ours = try file.targetStatus(), let theirs = try? descriptor.status(of: file),
            (ours.device, ours.inode) == (theirs.device, theirs.inode)
        else { return nil }
        // A claim to hold the lock is believed only if flock agrees: it succeeds on a descriptor that holds it already.
        guard catboat_lock_exclusive(number, 0) == 0 else { return nil }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    private static func acquire(_ file: FilePath, _ folder: FilePath) throws -> FileDescriptor {
        let clock = ContinuousClock()
        let patience = clock.now + .seconds(10)
        while true {
            let descriptor = try FileError.wrap("open lock", file) {
                try FileDescriptor.open(
                    file, .readWrite, options: [.create, .closeOnExec, .noFollow],
                    permissions: [.ownerReadWrite, .groupRead, .otherRead])
            }
            if descriptor.takeLock() {
                // Someone may have removed the folder's files between open and flock.
                if let named = try file.status(), named.inode == (try descriptor.status(of: file)).inode {
                    ftruncate(descriptor.rawValue, 0)
                    _ = try? descriptor.writeAll("\(getpid())\n".utf8)
                    return descriptor
                }
                try? descriptor.close()
                continue
            }
            let holder =
                (try? descriptor.readToEnd(limit: 64, of: file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            try? descriptor.close()
            let process = CInt(holder.split(separator: "\n").first ?? "") ?? 0
            // The namespaces of a killed command take a moment to end.
            guard process > 0, kill(process, 0) != 0, clock.now < patience else {
                let isGone = process <= 0 || kill(process, 0) != 0
                throw ImageLockError.busy(folder, process: isGone ? Self.holder(of: file) ?? process : process)
            }
            usleep(50_000)
        }
    }

    /// A process that has the lock file open: one that got the lock from a command which has ended.
    private static func holder(of file: FilePath) -> CInt? {
        let names = (try? FilePath("/proc").directoryNames().map(\.printable)) ?? []
        for process in names.compactMap({ CInt($0) }) where process != getpid() {
            let folder = FilePath("/proc/\(process)/fd")
            for name in (try? folder.directoryNames()) ?? []
            where (try? folder.joined(name).resolved()) == file {
                return process
            }
        }
        return nil
    }
}

public enum ImageLockError: Diagnosable, Equatable {
    case busy(FilePath, process: CInt)
    case unfinishedImport(FilePath, journal: FilePath)
    /// The pointer names what no import of this site wrote.
    case foreignImport(FilePath)

    public var diagnostic: Diagnostic {
        switch self {
        case .busy(let folder, let process):
            Diagnostic(
                "failed to acquire lock, seems there is another genimage/packimage/rmimage process \(process) "
                    + "running on root image dir \"\(folder.printable)\"", remedy: "wait for it to end, or stop it")
        case .foreignImport(let folder):
            Diagnostic(
                "this file names no import of this site", subject: folder.joined(ImageLock.importName).printable,
                remedy: "find out where it comes from, and remove it")
        case .unfinishedImport(let folder, let journal):
            Diagnostic(
                "an import was cut short here and could not be ended", subject: folder.printable,
                remedy: "see what it says above, then run catboat bundle-install --recover \(journal.printable)")
        }
    }
}
