public import Digests
internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// The kept sets of one image: `<rootimgdir>/.packed/<hex>/`. Whoever changes it holds the image's lock.
public struct SetStore: Sendable {
    public let rootimgFolder: FilePath
    public let folder: FilePath

    /// - Parameter rootimgFolder: path on the host.
    public init(rootimgFolder: FilePath) {
        self.rootimgFolder = rootimgFolder
        folder = rootimgFolder.joined(".packed")
    }

    public func folder(of digest: Digest) -> FilePath { folder.joined(digest.hex) }

    /// Whole sets, sorted by digest. Folders without a record are leftovers and are not sets.
    public func sets() throws -> [KeptSet] {
        try folder.directoryNames().filter { $0.bytes.count == 64 }.compactMap { name in
            try KeptSet(folder.joined(name))
        }.sorted { $0.set.digest < $1.set.digest }
    }

    /// The kept set that `text` names: a whole digest, or at least its first eight hex digits.
    public func find(_ text: String, image: String) throws -> KeptSet {
        let digits = (text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]).lowercased()
        guard (8...64).contains(digits.utf8.count), digits.utf8.allSatisfy({ Self.isHexDigit($0) }) else {
            throw NetbootError.notADigest(text)
        }
        let matching = try sets().filter { $0.set.digest.hex.hasPrefix(digits) }
        guard let found = matching.first else {
            guard let digest = Digest(digits) else {
                throw NetbootError.notKept(
                    Digest(digits + String(repeating: "0", count: 64 - digits.utf8.count))!, image: image)
            }
            throw NetbootError.notKept(digest, image: image)
        }
        guard matching.count == 1 else { throw NetbootError.ambiguousDigest(text) }
        return found
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// Takes the three files in as a set: links the packed root where the file system allows it, copies the others.
    ///
    /// The workspace's kernel and initramfs are copied, because a tool that writes them in place would change a set.
    public func add(_ files: SetFiles) throws -> KeptSet {
        try folder.createDirectories()
        let stage = folder.joined(".set.tmp-\(getpid())")
        try stage.removeTree()
        try stage.createDirectories()
        do {
            let kernel = try take(files.kernel, into: stage, as: ImageSet.kernelName, linking: false)
            let initramfs = try take(files.initramfs, into: stage, as: ImageSet.initramfsName, linking: false)
            let root = try take(files.root, into: stage, as: files.root.lastName.printable, linking: true)
            let set = ImageSet(kernel: kernel, initramfs: initramfs, root: root)
            return try keep(set, stage)
        } catch {
            try? stage.removeTree()
            throw error
        }
    }

    private func keep(_ set: ImageSet, _ stage: FilePath) throws -> KeptSet {
        let target = folder(of: set.digest)
        if let kept = try? KeptSet(target), kept.set == set, try kept.firstDamage() == nil {
            try stage.removeTree()
            return kept
        }
        try AtomicFile.write(SetRecord(set).bytes, to: stage.joined(KeptSet.recordName), permissions: 0o444)
        if target.exists {
            // The same set, damaged or cut short: the names change hands, so that no reader meets a gap.
            try stage.exchange(with: target)
            try stage.removeTree()
        } else {
            try stage.rename(to: target)
        }
        guard let kept = try KeptSet(target) else { throw NetbootError.damagedRecord(target) }
        return kept
    }

    private func take(
        _ source: FilePath, into stage: FilePath, as name: String, linking: Bool
    ) throws -> ImageSet.Member {
        guard let status = try source.targetStatus(), status.kind == .regular, status.size > 0 else {
            throw NetbootError.emptyMember(source)
        }
        let target = stage.joined(name)
        let isLinked = linking && (try? source.resolved().hardLink(as: target)) != nil
        if !isLinked { try source.copyContent(to: target) }
        try target.changePermissions(0o444)
        return try ImageSet.Member(name: name, synchronizing: target)
    }

    /// Removes what killed runs left: stages, and digest folders without a record.
    public func sweep() throws {
        for name in try folder.directoryNames() {
            let entry = folder.joined(name)
            if name.printable.hasPrefix("."), name.printable.contains(".tmp-") {
                try entry.removeTree()
            } else if name.bytes.count == 64, !entry.joined(KeptSet.recordName).exists {
                try entry.removeTree()
            }
        }
    }

    /// Removes the sets that were published longest ago until `count` are left; never one in `spared`.
    ///
    /// - Parameters:
    ///   - time: sets published since then stay too; seconds since 1970-01-01 UTC.
    ///   - isDry: whether nothing is removed.
    /// - Returns: what was, or would be, removed.
    @discardableResult
    public func prune(
        keeping count: Int, since time: Int64 = .max, sparing spared: Set<Digest>, isDry: Bool = false
    ) throws -> [KeptSet] {
        let byAge = try sets().sorted {
            ($0.publishedAt, $0.set.digest.hex) > ($1.publishedAt, $1.set.digest.hex)
        }
        var kept = byAge.filter { spared.contains($0.set.digest) }.count
        var removed: [KeptSet] = []
        for candidate in byAge where !spared.contains(candidate.set.digest) {
            if kept < count || candidate.publishedAt.seconds >= time {
                kept += 1
                continue
            }
            removed.append(candidate)
            if isDry { continue }
            // The record first: a folder without one is no set, whenever this is interrupted.
            try candidate.folder.joined(KeptSet.recordName).removeFile()
            try candidate.folder.removeTree()
        }
        return removed
    }
}

/// The three files that a new set is made of.
public struct SetFiles: Sendable, Equatable {
    public var kernel: FilePath
    public var initramfs: FilePath
    public var root: FilePath

    /// Finds the files: the packed root is `stage` or lies in the folder `stage`; kernel and initramfs are beside it
    /// when they are there, else in rootimgdir. Without `stage` everything is looked for in rootimgdir.
    public init(rootimgFolder: FilePath, stage: FilePath?) throws {
        var places = [rootimgFolder]
        if let stage, stage.isDirectory {
            places.insert(stage, at: 0)
            root = try Self.packedRoot(in: stage, allowsSeveral: false)
        } else if let stage {
            guard ImageSet.rootNames.contains(stage.lastName.printable) else {
                throw NetbootError.unknownRootName(stage)
            }
            guard stage.isRegularFile else { throw NetbootError.noPackedRoot(stage) }
            root = stage
        } else {
            root = try Self.packedRoot(in: rootimgFolder, allowsSeveral: true)
        }
        func first(_ name: String) -> FilePath? { places.map { $0.joined(name) }.first { $0.isRegularFile } }
        guard let kernel = first(ImageSet.kernelName) else {
            throw NetbootError.noKernel(rootimgFolder.joined(ImageSet.kernelName))
        }
        // initrd.gz: what old xCAT images have.
        guard let initramfs = first(ImageSet.initramfsName) ?? first("initrd.gz") else {
            throw NetbootError.noInitramfs(rootimgFolder.joined(ImageSet.initramfsName))
        }
        self.kernel = kernel
        self.initramfs = initramfs
    }

    private static func packedRoot(in folder: FilePath, allowsSeveral: Bool) throws -> FilePath {
        let present = ImageSet.rootNames.filter { folder.joined($0).isRegularFile }
        guard let best = present.first else { throw NetbootError.noPackedRoot(folder) }
        guard allowsSeveral || present.count == 1 else { throw NetbootError.severalPackedRoots(folder, present) }
        return folder.joined(best)
    }
}

extension ImageSet {
    /// The set that `files` would be published as. Reads all three, changes nothing.
    public init(_ files: SetFiles) throws {
        self.init(
            kernel: try Member(name: Self.kernelName, reading: files.kernel),
            initramfs: try Member(name: Self.initramfsName, reading: files.initramfs),
            root: try Member(name: files.root.lastName.printable, reading: files.root))
    }
}

extension ImageSet.Member {
    /// Digest and size of a file that others may read from now on: it is durable.
    fileprivate init(name: String, synchronizing file: FilePath) throws {
        try self.init(name: name, reading: file) { descriptor throws(FileError) in try descriptor.synchronize(file) }
    }

    fileprivate init(
        name: String, reading file: FilePath, _ prepare: (FileDescriptor) throws(FileError) -> Void = { _ in }
    ) throws {
        let descriptor = try FileError.wrap("open", file) {
            try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
        }
        defer { try? descriptor.close() }
        try prepare(descriptor)
        let digest = try Digest.ofFile(descriptor, file)
        self.init(name: name, digest: digest, sizeInBytes: try descriptor.status(of: file).size)
    }
}
