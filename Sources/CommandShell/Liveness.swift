internal import Support
internal import Synchronization
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Ends plumbing when the command that started it is gone, however it went: after `kill -9` of a porcelain nothing runs on.
///
/// A command holds the only writing end of a pipe and its children the reading end, by number in
/// `CATBOAT_LIVENESS_FD`; the kernel closes the writing end with the process. (PDEATHSIG follows threads, not processes.)
enum Liveness {
    static let variable = "CATBOAT_LIVENESS_FD"
    private static let pipe = Mutex<Pipe?>(nil)

    /// What a child inherits; the same pipe for all children of this process.
    static func reader() throws -> FileDescriptor {
        try pipe.withLock { pipe in
            if let pipe { return pipe.reader }
            let made = try Pipe(for: "catboat")
            pipe = made
            return made.reader
        }
    }

    /// Watches the pipe that this process was given, if any, and ends it by SIGTERM when the other end is closed.
    ///
    /// SIGTERM, so that half-written files go as they go on any interruption. The variable is removed: programs and
    /// hooks that this process starts do not see it.
    static func watch() {
        guard let number = Environment.current.text(variable).flatMap({ CInt($0) }) else { return }
        unsetenv(variable)
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        var thread = pthread_t()
        let context = UnsafeMutableRawPointer(bitPattern: Int(number))
        let code = pthread_create(
            &thread, nil,
            { context in
                var byte: UInt8 = 0
                let number = CInt(Int(bitPattern: context))
                while read(number, &byte, 1) < 0 && errno == EINTR {}
                kill(getpid(), SIGTERM)
                return nil
            }, context)
        if code == 0 { pthread_detach(thread) }
    }
}
