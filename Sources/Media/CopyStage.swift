internal import Digests
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Where a medium is written so that nobody takes an unfinished copy for a finished one.
///
/// - A new copy is made in `.NAME.tmp-media` beside its target and renamed when it is whole.
/// - A copy over a folder with other content (another release, another disc) begins as hard links to that content and
///   takes its place in one step. What the medium does not have stays, as with xCAT.
/// - A copy of the same medium again, or onto a mount point, is checked and repaired in place: the marker is removed
///   before the first change and comes back last.
/// An interrupted run leaves what it has; the next run for the same medium goes on from there.
final class CopyStage {
    let folder: CopyFolder
    /// What a finished copy at the target holds already.
    let present: CopyMarker?
    private let target: FilePath
    private let way: Way

    enum Way { case new, exchange, inPlace }

    /// - Parameters:
    ///   - target: absolute, symbolic links resolved.
    ///   - isSource: whether the medium is the target folder itself.
    init(_ target: FilePath, _ fingerprint: Digest, isSource: Bool) throws {
        self.target = target
        let status = try target.status()
        if let status, status.kind != .directory { throw CopyError.notAFolder(target) }
        present = CopyMarker.read(target)
        let isSame = present?.media.contains { $0.fingerprint == fingerprint.description } ?? false
        let isEmpty = try status == nil || target.directoryNames().isEmpty
        let isMountPoint = try status.map { try $0.device != target.removingLastComponent().status()?.device } ?? false
        var way: Way = isSame || isSource || isMountPoint ? .inPlace : isEmpty ? .new : .exchange
        var folder: CopyFolder?
        if way != .inPlace {
            let beside = Self.path(beside: target)
            let opened = try Self.open(beside, fingerprint)
            if way == .exchange, !(try Self.clone(target, into: opened)) {
                // Another file system, or one without hard links.
                try beside.removeTree()
                way = .inPlace
            } else {
                folder = opened
            }
        }
        self.way = way
        let chosen = try folder ?? CopyFolder(target)
        self.folder = chosen
        guard way == .inPlace else { return }
        try chosen.lock()
        chosen.beforeFirstChange = { [unowned chosen] in
            try AtomicFile.write(fingerprint.description.utf8, to: target.joined(CopyMarker.unfinishedName))
            try chosen.remove(CopyMarker.name)
        }
    }

    static func path(beside target: FilePath) -> FilePath {
        target.removingLastComponent().joined(
            FilePath(bytes: Array(".".utf8) + target.lastName.bytes + Array(".tmp-media".utf8)))
    }

    /// The folder beside the target, locked: what an interrupted run left of the same medium, or an empty one.
    private static func open(_ beside: FilePath, _ fingerprint: Digest) throws -> CopyFolder {
        while true {
            try beside.createDirectories()
            let folder = try CopyFolder(beside)
            try folder.lock()
            // The one who held the lock may have renamed or removed the folder meanwhile.
            let inode = try folder.descriptor.status(of: beside).inode
            let current = try beside.status()?.inode
            guard current == inode else { continue }
            let note = beside.joined(CopyMarker.unfinishedName)
            let belongsTo = note.exists ? try note.readText(limit: 4096) : nil
            if belongsTo == fingerprint.description { return folder }
            if try belongsTo != nil || !beside.directoryNames().isEmpty {
                try beside.removeTree()
                continue
            }
            try AtomicFile.write(fingerprint.description.utf8, to: note)
            return folder
        }
    }

    /// Fills `folder` with hard links to everything in `base`; what is there already stays.
    /// - Returns: whether it could be done.
    private static func clone(_ base: FilePath, into folder: CopyFolder) throws -> Bool {
        do {
            try TreeWalk(base, crossesDevices: true).run { found in
                if CopyMarker.isOurs(found.path) { return .skip }
                switch found.status.kind {
                case .directory: _ = try folder.directory(found.path)
                default: try folder.linkFile(found.name, in: found.parent, as: found.path)
                }
                return .enter
            }
            return true
        } catch let error as FileError
            where [.improperLink, .notPermitted, .notSupportedOnSocket, .notSupported, .tooManyLinks].contains(
                error.errno)
        {
            return false
        }
    }

    /// Removes a new copy that holds nothing yet, with the folder above that it needed.
    func abandon() {
        guard way == .new, let names = try? folder.path.directoryNames(), names.allSatisfy(CopyMarker.isOurs) else {
            return
        }
        try? folder.path.removeTree()
        // Fails unless it is empty.
        _ = target.removingLastComponent().withPlatformString { rmdir($0) }
    }

    /// Makes the copy the finished one.
    func finish(_ disc: CopyMarker.Disc) throws {
        let others = (present?.media ?? []).filter {
            $0.fingerprint != disc.fingerprint && $0.disc != disc.disc
        }
        let marker = CopyMarker(media: others + [disc])
        if way == .inPlace, present == marker, target.joined(CopyMarker.name).exists { return }
        try folder.synchronize()
        try marker.write(to: folder.path)
        let beside = folder.path
        switch way {
        case .inPlace: break
        case .new: try beside.rename(to: target)
        case .exchange:
            try beside.exchange(with: target)
            try target.joined(CopyMarker.unfinishedName).removeFile()
            try beside.removeTree()
        }
        try target.joined(CopyMarker.unfinishedName).removeFile()
        try target.changePermissions(0o755)
    }
}
