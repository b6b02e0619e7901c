internal import CLinux

/// The processors that this process may use.
public enum Processors {
    /// As the affinity mask allows, at least 1.
    public static var usable: Int { Int(catboat_usable_processors()) }
}
