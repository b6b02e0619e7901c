internal import CLinux
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// What a script leaves running in a session of its own, where no signal to its group gets: daemons it started.
///
/// Only for a process that has no children but the script: they are all ended. One left alive would hold the lock of its
/// image for as long as it lives.
enum Orphans {
    /// From now on they become children of this process.
    static func adopt() { _ = catboat_adopt_orphans() }

    /// Ends them: SIGTERM, after `grace` SIGKILL; those that they leave likewise.
    static func end(grace: Duration = .seconds(1), limit: Duration = .seconds(3)) {
        let clock = ContinuousClock()
        let start = clock.now
        var asked: Set<CInt> = []
        while clock.now - start < limit {
            let left = children()
            if left.isEmpty { return }
            let isOver = clock.now - start >= grace
            // Asked once: to some a second SIGTERM means not to clean up.
            for child in left where isOver || asked.insert(child).inserted { kill(child, isOver ? SIGKILL : SIGTERM) }
            usleep(20_000)
            while waitpid(-1, nil, WNOHANG) > 0 {}
        }
    }

    private static func children() -> [CInt] {
        let tasks: FilePath = "/proc/self/task"
        return ((try? tasks.directoryNames()) ?? []).flatMap { task in
            let text = (try? tasks.joined(task).joined("children").readText()) ?? ""
            return text.split(separator: " ").compactMap { CInt($0) }
        }
    }
}
