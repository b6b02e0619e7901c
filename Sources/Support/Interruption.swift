#if canImport(Glibc)
    internal import Glibc
#endif

/// Ending the way a signal asked for, after cleaning up.
public enum Interruption {
    /// Waits in `body` for a program that has the terminal: Ctrl-C there is that program's business.
    public static func leftToForeground<Result>(_ body: () throws -> Result) rethrows -> Result {
        let previous = signal(SIGINT, SIG_IGN)
        defer { signal(SIGINT, previous) }
        return try body()
    }

    /// Ends the process by the signal's own default action, so that the parent sees what happened.
    public static func die(of number: CInt) -> Never {
        signal(number, SIG_DFL)
        // Threads of the runtime's pool block signals.
        var only = sigset_t()
        sigemptyset(&only)
        sigaddset(&only, number)
        pthread_sigmask(SIG_UNBLOCK, &only, nil)
        raise(number)
        exit(128 + number)
    }
}
