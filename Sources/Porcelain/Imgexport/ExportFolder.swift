internal import Bundles
internal import CommandShell
internal import Support
internal import SystemPackage

/// A folder that goes into a bundle as a whole, looked through before anything is packed.
struct ExportFolder {
    private struct Folder {
        var path: FilePath
        var permissions: UInt32
    }

    /// All below it but folders, relative to it.
    let files: [FilePath]
    /// The path that messages show.
    private let shown: FilePath
    /// The top, whose path is empty, and those below it.
    private let folders: [Folder]
    /// Folders below it that are on another file system, which nothing is packed of.
    private let mounts: [FilePath]

    /// - Throws: for what a bundle cannot hold: links that lead out of the folder, set-ID and special files.
    init(_ host: FilePath, shown: FilePath) throws {
        guard let top = try host.targetStatus() else {
            throw FileError("open directory", host, .noSuchFileOrDirectory)
        }
        var files: [FilePath] = []
        var folders = [Folder(path: "", permissions: top.permissions)]
        var mounts: [FilePath] = []
        try TreeWalk(host).run { entry in
            if entry.status.kind != .directory {
                try Self.check(entry, in: shown)
                files.append(entry.path)
            } else if entry.status.device != top.device {
                mounts.append(entry.path)
            } else {
                folders.append(Folder(path: entry.path, permissions: entry.status.permissions))
            }
            return .enter
        }
        self.shown = shown
        (self.files, self.folders, self.mounts) = (files, folders, mounts)
    }

    private static func check(_ entry: TreeWalk.Entry, in shown: FilePath) throws {
        let path = shown.joined(entry.path)
        guard !ImportBoundary.isReserved(entry.path) else {
            throw ExportTarget.failure(
                "'\(path.printable)' has a name that Catboat keeps to itself; no import takes it.",
                "remove it from '\(shown.printable)'")
        }
        switch entry.status.kind {
        case .regular: try checkMode(entry.status, path)
        case .symbolicLink:
            let target = try entry.parent.linkTarget(at: entry.name)
            guard LinkTarget(target).staysWithin(entry.path.bytes) else {
                let text = String(decoding: target, as: UTF8.self)
                throw ExportTarget.failure(
                    "The link '\(path.printable)' leads out of its folder: '\(text)'",
                    "remove it from '\(shown.printable)', or put there what it leads to")
            }
        default:
            throw ExportTarget.failure(
                "'\(path.printable)' is a device, pipe or socket, which no bundle holds.",
                "remove it from '\(shown.printable)'")
        }
    }

    /// - Throws: for a file that runs as its owner or group: no import takes one.
    static func checkMode(_ status: FileStatus, _ path: FilePath) throws {
        guard status.permissions & 0o6000 == 0 else {
            throw ExportTarget.failure(
                "'\(path.printable)' has set-user-ID or set-group-ID, which no import takes.",
                "take it away with chmod ug-s, or leave the file out")
        }
    }

    /// Tells what is mounted in the folder, for it is not in the bundle.
    func warnOfMounts() {
        for path in mounts {
            Console.warning(
                "\(shown.joined(path).printable) is on another file system; the bundle has it as an empty folder.")
        }
    }

    /// Tells of modes that no import makes: those by which others than its owner could change a folder.
    func warnOfModes() {
        let others = folders.filter { $0.permissions & ~0o755 != 0 }
        guard let first = others.first else { return }
        Console.warning(
            "An import lets only their owner change folders: the mode of \(shown.joined(first.path).printable) is "
                + "\(String(first.permissions, radix: 8))\(Self.more(others.count))")
    }

    private static func more(_ count: Int) -> String { count > 1 ? "; and \(count - 1) more" : "" }
}
