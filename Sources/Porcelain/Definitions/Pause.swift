#if canImport(Glibc)
    internal import Glibc
#endif

/// Waiting before another try.
enum Pause {
    static func milliseconds(_ count: UInt32) { usleep(count * 1000) }
}
