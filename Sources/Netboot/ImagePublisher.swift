public import Digests
internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Puts one set of an image before the nodes. The one place that changes what nodes can fetch.
///
/// The switch is the rename of the image's boot file. Before it the set is whole and durable; what comes after it are the
/// stable names, for kernel lines that xCAT wrote. A run that is killed anywhere leaves the old or the new set served.
/// Whoever calls it holds the image's lock.
public struct ImagePublisher: Sendable {
    public let image: String
    public let store: SetStore
    /// rootimgdir as the web server shows it.
    public let webPath: String
    /// `<tftpdir>/xcat/osimage/<image>`
    public let bootFolder: FilePath
    private let tftpFolder: FilePath

    /// - Parameters:
    ///   - rootimgFolder, tftpFolder: paths on the host.
    ///   - webPath: rootimgdir as it is stored: absolute, without the root prefix.
    public init(image: String, rootimgFolder: FilePath, webPath: String, tftpFolder: FilePath) throws(NetbootError) {
        guard isFileName(image) else { throw .badImageName(image) }
        self.image = image
        self.webPath = webPath
        store = SetStore(rootimgFolder: rootimgFolder)
        self.tftpFolder = tftpFolder
        bootFolder = ImageBootFile.folder(of: image, tftpFolder: tftpFolder)
    }

    /// The set that nodes get now; nil when nothing was published.
    public func current() throws -> Digest? { try ImageBootFile.currentDigest(in: bootFolder) }

    /// Keeps the set made of `files` and publishes it.
    public func publish(_ files: SetFiles) throws -> KeptSet {
        try store.sweep()
        let kept = try store.add(files)
        try publish(kept)
        return kept
    }

    /// Publishes a kept set, new or old.
    public func publish(_ kept: KeptSet) throws {
        if let damaged = try kept.firstDamage() { throw NetbootError.damagedSet(kept.set.digest, damaged) }
        try InitramfsAbilities.check(kept.set, in: store.rootimgFolder)
        try AtomicFile.sweep(bootFolder)
        try bootFolder.createDirectories()
        for name in [ImageSet.kernelName, ImageSet.initramfsName, ImageBootFile.name] {
            try AtomicFile.sweep(bootFolder.joined(name))
        }
        let file = ImageBootFile(set: kept.set, webPath: "\(webPath)/.packed/\(kept.set.digest.hex)")
        try AtomicFile.write(file.text.utf8, to: bootFolder.joined(ImageBootFile.name))
        try linkStableNames(kept)
        try Self.touch(kept.folder.joined(KeptSet.recordName))
    }

    private func linkStableNames(_ kept: KeptSet) throws {
        let rootimgFolder = store.rootimgFolder
        try Self.replace(bootFolder.joined(ImageSet.kernelName), with: kept.folder.joined(ImageSet.kernelName))
        try Self.replace(bootFolder.joined(ImageSet.initramfsName), with: kept.folder.joined(ImageSet.initramfsName))
        let rootName = kept.set.root.name
        try Self.replace(rootimgFolder.joined(rootName), with: kept.folder.joined(rootName))
        // A packed root of another format would be served with the wrong kernel to whoever still asks for it.
        for name in ImageSet.rootNames where name != rootName { try rootimgFolder.joined(name).removeFile() }
    }

    /// Makes `target` another name of `source` in one step; a copy where the two are on different file systems.
    private static func replace(_ target: FilePath, with source: FilePath) throws(FileError) {
        if let ours = try target.status(), let theirs = try source.status(),
            (ours.device, ours.inode) == (theirs.device, theirs.inode)
        {
            return
        }
        let name = target.lastName.printable
        let stage = target.removingLastComponent().joined(".\(name).tmp-\(getpid())")
        try stage.removeFile()
        do {
            try stageFile(source, as: stage)
            try stage.rename(to: target)
        } catch {
            try? stage.removeFile()
            throw error
        }
    }

    /// A hard link, or a copy where the file system has no room for one.
    private static func stageFile(_ source: FilePath, as stage: FilePath) throws(FileError) {
        do {
            try source.hardLink(as: stage)
        } catch {
            guard error.errno == .improperLink || error.errno == .tooManyLinks else { throw error }
            try source.copyContent(to: stage)
            try stage.changePermissions(0o444)
        }
    }

    private static func touch(_ path: FilePath) throws(FileError) {
        try FileError.check("set time of", path, path.withPlatformString { utimensat(AT_FDCWD, $0, nil, 0) })
    }

    /// Removes sets beyond `count`, those published longest ago first. The one that is served always stays, and those that
    /// a boot file below the TFTP folder names.
    ///
    /// - Parameters:
    ///   - time: sets published since then stay too; seconds since 1970-01-01 UTC.
    ///   - isDry: whether nothing is removed.
    /// - Returns: what was, or would be, removed.
    @discardableResult
    public func prune(keeping count: Int, since time: Int64 = .max, isDry: Bool = false) throws -> [KeptSet] {
        let current: Set<Digest> = try current().map { [$0] } ?? []
        guard try store.sets().count > count else { return [] }
        let served = current.union(try ServedSets.digests(below: tftpFolder))
        return try store.prune(keeping: count, since: time, sparing: served, isDry: isDry)
    }
}
