internal import Digests
internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Copies an install medium into a folder, checking every file against what the medium says about it.
public struct MediumCopy {
    public struct Options: Sendable {
        /// What the user says about the medium.
        public var claim = Claim()
        /// Keyrings that are trusted, in the order they are tried.
        public var keyrings: [FilePath] = []
        /// Nothing is copied when one of these folders is a finished copy of the same medium.
        public var unlessCopiedTo: [FilePath] = []
        /// Symbolic links to make to the finished copy.
        public var links: [FilePath] = []
        /// Where progress goes; the terminal when nil.
        public var progress: FileDescriptor?

        public init() {}
    }

    /// What was done.
    public struct Summary: Codable, Sendable, Equatable {
        public enum State: String, Codable, Sendable {
            case copied
            /// Everything was there already.
            case unchanged
            /// The medium was copied elsewhere before; see `Options.unlessCopiedTo`.
            case present
        }

        public var state: State
        /// The folder that holds the finished copy.
        public var destination: String
        public var fingerprint: String
        public var files: Int
        public var bytes: Int64
        /// Bytes that were written in this run.
        public var written: Int64
        /// Files that no list of checksums names.
        public var unchecked: Int
        public var checkedBy: [String]
        public var signature: SignatureState
    }

    private let medium: Medium
    private let recognised: Recognised?
    private let checksums: [FilePath: Checksum]
    private let lists: [FilePath]
    private let options: Options

    /// Reads the medium's names and lists.
    /// - Throws: `MediumError`, `FileError`, `RecognitionRefusal`, `CopyError.missing`.
    public init(_ source: FilePath, _ options: Options = Options()) throws {
        self.options = options
        medium = try Medium(source)
        recognised = try medium.identify(options.claim)
        let listed = try MediumChecksums(medium.catalog, source)
        lists = listed.lists
        // What Release says about the indexes is SHA-256, and what apt will check.
        checksums = listed.sums.merging(ReleaseIndex.sums(on: medium.catalog)) { $1 }
    }

    /// Copies to `destination`, which is finished only when this returns.
    /// - Throws: `CopyError`, `MediumError`, `FileError`.
    public func run(to destination: FilePath) throws -> Summary {
        let fingerprint = medium.catalog.fingerprint
        for folder in options.unlessCopiedTo {
            guard let marker = CopyMarker.read(folder),
                let disc = marker.media.first(where: { $0.fingerprint == fingerprint.description })
            else { continue }
            return Summary(
                state: .present, destination: folder.printable, fingerprint: disc.fingerprint, files: disc.files,
                bytes: disc.bytes, written: 0, unchecked: 0, checkedBy: disc.checkedBy, signature: disc.signature)
        }
        let signature = try SignatureCheck(medium.catalog, keyrings: options.keyrings).run()
        try CopyLink.giveWay(at: destination)
        let target = try resolved(destination)
        let isSource = try isSource(target)
        try refuseOtherDisc(target, fingerprint)
        let stage = try CopyStage(target, fingerprint, isSource: isSource)
        var tally = Tally()
        do {
            try fill(stage.folder, isSource: isSource, &tally)
        } catch {
            stage.abandon()
            throw error
        }
        let disc = disc(fingerprint, signature)
        try stage.finish(disc)
        for link in options.links { try CopyLink(link).point(to: target) }
        return Summary(
            state: tally.written == 0 && stage.present != nil ? .unchanged : .copied, destination: target.printable,
            fingerprint: disc.fingerprint, files: disc.files, bytes: disc.bytes, written: tally.written,
            unchecked: tally.unchecked, checkedBy: disc.checkedBy, signature: signature)
    }

    private func fill(_ folder: CopyFolder, isSource: Bool, _ tally: inout Tally) throws {
        if isSource {
            try check(folder, &tally)
        } else {
            try checkRoom(folder)
            try copy(to: folder, &tally)
        }
        if recognised?.family == .debian { try DebianCopy(medium.catalog, recognised, folder).complete() }
    }

    struct Tally {
        var written: Int64 = 0
        var unchecked = 0
    }

    private func disc(_ fingerprint: Digest, _ signature: SignatureState) -> CopyMarker.Disc {
        CopyMarker.Disc(
            name: recognised?.name ?? "", arch: recognised?.arch ?? "", disc: recognised?.disc ?? "",
            family: recognised?.family.rawValue ?? "", fingerprint: fingerprint.description,
            source: medium.source.path.lastName.printable,
            files: medium.catalog.entries.count { if case .file = $0.kind { true } else { false } },
            bytes: medium.catalog.totalSize, checkedBy: lists.map(\.printable), signature: signature)
    }

    // MARK: Before anything is written

    /// The destination without symbolic links; parents that are missing are made.
    private func resolved(_ destination: FilePath) throws -> FilePath {
        if destination.exists { return try destination.resolved() }
        let parent = destination.absolute.removingLastComponent()
        try parent.createDirectories()
        return try parent.resolved().joined(destination.lastName)
    }

    private func isSource(_ target: FilePath) throws -> Bool {
        guard medium.source is MediumFolder else { return false }
        let source = try medium.source.path.resolved()
        if source == target { return true }
        if target.starts(with: source) { throw CopyError.insideItself(target) }
        return false
    }

    private func refuseOtherDisc(_ target: FilePath, _ fingerprint: Digest) throws(CopyError) {
        guard let recognised, recognised.family == .debian, !recognised.disc.isEmpty else { return }
        for disc in CopyMarker.read(target)?.media ?? []
        where disc.fingerprint != fingerprint.description && !disc.disc.isEmpty && disc.disc != recognised.disc {
            throw .anotherDisc(target, disc: recognised.disc, present: disc.disc)
        }
    }

    private func checkRoom(_ folder: CopyFolder) throws {
        var needed: Int64 = 0
        for entry in medium.catalog.entries where entry.size > 0 {
            guard let present = try folder.file(entry.path, size: entry.size) else {
                needed += entry.size
                continue
            }
            try? present.close()
        }
        let free = try folder.path.freeBytes()
        if needed > free { throw CopyError.noRoom(folder.path, needed: needed, free: free) }
    }

    // MARK: Copying

    private func isWanted(_ entry: MediumEntry) -> Bool {
        guard recognised?.family == .debian, case .link = entry.kind else { return true }
        // As xCAT: an import must not say that it is the next release.
        return entry.path != "dists/unstable" && entry.path != "dists/testing"
    }

    private func copy(to folder: CopyFolder, _ tally: inout Tally) throws {
        let progress = Progress(
            "copy \(medium.source.path.lastName.printable)", unit: .bytes, total: UInt64(medium.catalog.totalSize),
            descriptor: options.progress)
        try medium.source.visit { entry, content in
            guard isWanted(entry) else { return }
            switch entry.kind {
            case .directory: _ = try folder.directory(entry.path)
            case .link(let target): try folder.createLink(entry, to: target)
            case .hardLink(let first): try folder.createHardLink(entry, to: first)
            case .file(let size):
                let checksum = checksum(of: entry.path)
                if checksums[entry.path] == nil { tally.unchecked += 1 }
                if let checksum, let present = try folder.file(entry.path, size: size) {
                    defer { try? present.close() }
                    if try Self.hash(present, checksum.algorithm, entry.path) == checksum.hex {
                        progress.advance(UInt64(size))
                        return
                    }
                }
                if try write(entry, size, checksum, content, folder, progress) { tally.written += size }
            }
        }
        progress.finish()
    }

    /// What is known of a file's content: the medium's list, else the text itself, which was read already.
    private func checksum(of path: FilePath) -> Checksum? {
        if let listed = checksums[path] { return listed }
        guard let text = medium.catalog.texts[path] else { return nil }
        return Checksum(Digest.of(text).hex[...], origin: path)
    }

    /// Writes one file and compares it with its checksum, and with the file that is there.
    /// - Returns: false when the same bytes were there already.
    private func write(
        _ entry: MediumEntry, _ size: Int64, _ checksum: Checksum?, _ content: MediumContent, _ folder: CopyFolder,
        _ progress: Progress
    ) throws -> Bool {
        let file = try folder.createTemporary()
        defer { try? file.close() }
        let present = try checksum == nil ? folder.file(entry.path, size: size) : nil
        defer { try? present?.close() }
        var isSame = present != nil
        var written: Int64 = 0
        var stream = ChecksumStream(checksum?.algorithm ?? .md5)
        let path = folder.path.joined(entry.path)
        try content { block in
            written += Int64(block.count)
            guard written <= size else { throw MediumError.tooLarge(medium.source.path) }
            if checksum != nil { stream.update(block) }
            if isSame, let present { isSame = try Self.next(present, equals: block, path) }
            _ = try FileError.wrap("write", path) { try file.writeAll(block) }
            progress.advance(UInt64(block.count))
        }
        guard written == size else { throw CopyError.shorter(entry.path, found: written, expected: size) }
        if let checksum {
            let found = stream.finish()
            guard found == checksum.hex else {
                throw CopyError.mismatch(entry.path, list: checksum.origin, expected: checksum.hex, found: found)
            }
        }
        if isSame { return false }
        try folder.place(file, as: entry)
        return true
    }

    private static func next(
        _ file: FileDescriptor, equals block: UnsafeRawBufferPointer, _ path: FilePath
    ) throws -> Bool {
        var bytes = [UInt8](repeating: 0, count: block.count)
        var filled = 0
        while filled < block.count {
            let count = try FileError.wrap("read", path) {
                try bytes.withUnsafeMutableBytes { try file.read(into: .init(rebasing: $0[filled...])) }
            }
            if count == 0 { return false }
            filled += count
        }
        return bytes.withUnsafeBytes { $0.elementsEqual(block) }
    }

    // MARK: Checking what is there

    /// For a medium that is the destination itself: compares its files with its lists.
    private func check(_ folder: CopyFolder, _ tally: inout Tally) throws {
        for entry in medium.catalog.entries {
            guard case .file(let size) = entry.kind else { continue }
            guard let checksum = checksums[entry.path] else {
                tally.unchecked += 1
                continue
            }
            guard let file = try folder.file(entry.path, size: size) else { continue }
            defer { try? file.close() }
            let found = try Self.hash(file, checksum.algorithm, entry.path)
            guard found == checksum.hex else {
                throw CopyError.mismatch(entry.path, list: checksum.origin, expected: checksum.hex, found: found)
            }
        }
    }

    private static func hash(
        _ file: FileDescriptor, _ algorithm: Checksum.Algorithm, _ path: FilePath
    ) throws -> String {
        var stream = ChecksumStream(algorithm)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try FileError.wrap("read", path) { try file.read(into: buffer) }
            if count == 0 { return stream.finish() }
            stream.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
