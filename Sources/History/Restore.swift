public import SystemPackage
internal import Support

extension HistoryRepository {
    /// One file that a restoration touched, or left.
    public enum Restored: Equatable, Sendable {
        /// Written as the revision has it.
        case written(FilePath)
        /// A hook of the image that came later: removed, the history keeps it.
        case removed(FilePath)
        /// Outside custom, and other than the revision has it.
        case differsOutside(FilePath)
        /// Of the revision only a digest is known, and the file is another one now.
        case notKept(FilePath)
    }

    /// Brings the files of an image's recipe back to what a snapshot has. Each file is replaced in one step.
    ///
    /// Files that the snapshot does not know stay, but for the image's own hooks. Owners stay; a file that is missing belongs to who runs this.
    /// - Parameters:
    ///   - present: the image as it is now.
    ///   - host: the path of the host for an absolute path outside custom.
    ///   - restoresOutside: whether to write files outside custom too.
    ///   - isTrial: nothing is written.
    public func restore(
        _ past: ImageSnapshot, present: ImageSnapshot, host: (FilePath) throws -> FilePath,
        restoresOutside: Bool = false, isTrial: Bool = false
    ) throws(HistoryError) -> [Restored] {
        try HistoryError.wrap {
            var result = try removeLaterHooks(past, present, isTrial)
            for (path, file) in past.files.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }) {
                if present.files[path] == file { continue }
                guard let bytes = try past.bytes(of: path) else {
                    if file.status == "digest" { result.append(.notKept(path)) }
                    continue
                }
                if file.isOutside, !restoresOutside {
                    result.append(.differsOutside(path))
                    continue
                }
                let target = file.isOutside ? try host(path) : custom.joined(path)
                result.append(.written(path))
                if isTrial { continue }
                try target.removingLastComponent().createDirectories()
                if file.isMask {
                    try Self.mask(target)
                } else {
                    try Self.write(bytes, isExecutable: file.isExecutable, to: target)
                }
            }
            return result
        }
    }

    /// Replaces a file, or a link, by a link to /dev/null. What a kill leaves is hidden: no hook.
    private static func mask(_ target: FilePath) throws {
        let staged = target.removingLastComponent().joined(
            FilePath(bytes: Array(".".utf8) + target.lastName.bytes + Array(".mask".utf8)))
        try staged.removeFile()
        try staged.createSymbolicLink(to: Recipe.Content.maskTarget)
        try staged.rename(to: target)
    }

    /// Replaces a file, where a link leads to one that; what a link leads to that is no file stays, the link goes.
    private static func write(_ bytes: [UInt8], isExecutable: Bool, to target: FilePath) throws {
        var status = try target.targetStatus()
        if status?.kind != .regular {
            if try target.status()?.kind == .symbolicLink { try target.removeFile() }
            status = nil
        }
        let atomic = try AtomicFile(
            replacing: status == nil ? target : try target.resolved(), permissions: isExecutable ? 0o755 : 0o644)
        try atomic.write(bytes)
        if let status { try atomic.setOwner(status.owner, status.group) }
        try atomic.commit()
    }

    /// Hooks of the image run because they are there: what the past did not have would go on running.
    private func removeLaterHooks(
        _ past: ImageSnapshot, _ present: ImageSnapshot, _ isTrial: Bool
    ) throws -> [Restored] {
        let folder = FilePath("hooks/osimage").joined(present.image)
        let later = present.files.filter { path, file in
            path.starts(with: folder) && !file.isOutside && past.files[path] == nil && file.status == "kept"
        }
        return try later.keys.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }.map { path in
            if !isTrial { try custom.joined(path).removeFile() }
            return .removed(path)
        }
    }
}

#if canImport(Glibc)
    internal import Glibc
#endif

extension AtomicFile {
    fileprivate borrowing func setOwner(_ owner: UInt32, _ group: UInt32) throws(FileError) {
        guard geteuid() == 0 else { return }
        try FileError.check("change owner of", target, fchown(descriptor.rawValue, owner, group))
    }
}
