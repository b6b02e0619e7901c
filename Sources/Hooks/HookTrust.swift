internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Refuses programs that somebody else than root, or the user who runs us, could have written or replaced.
///
/// Looked at are the file itself, what links lead to, and every folder on the way; a folder with the sticky bit may be
/// open to all when it does not hold the file itself.
public struct HookTrust {
    private var trusted: Set<FilePath> = []

    public init() {}

    /// - Parameter path: of the host. It must exist.
    /// - Throws: `HookError.untrusted` naming the file or folder, `.unreadable`.
    public mutating func check(_ path: FilePath) throws(HookError) {
        let real: FilePath
        do {
            real = try path.absolute.resolved()
        } catch {
            throw .unreadable(error)
        }
        for spelled in [path.absolute, real] {
            try checkOne(spelled, isHolder: true)
            var folder = spelled.removingLastComponent()
            var isHolder = true
            while !folder.isEmpty {
                try checkOne(folder, isHolder: isHolder)
                isHolder = false
                if folder == "/" { break }
                folder = folder.removingLastComponent()
            }
        }
    }

    private mutating func checkOne(_ path: FilePath, isHolder: Bool) throws(HookError) {
        guard !trusted.contains(path) else { return }
        let status: FileStatus?
        do {
            status = try path.targetStatus()
        } catch {
            throw .unreadable(error)
        }
        guard let status else { return }
        guard status.owner == 0 || status.owner == geteuid() else { throw .untrusted(path, .owner(status.owner)) }
        let isSticky = status.kind == .directory && status.permissions & 0o1000 != 0
        guard status.permissions & 0o022 == 0 || (isSticky && !isHolder) else {
            throw .untrusted(path, .writableByOthers(status.permissions))
        }
        // A folder that was fine only because it holds nothing of ours is looked at again.
        if isHolder || !isSticky { trusted.insert(path) }
    }
}
