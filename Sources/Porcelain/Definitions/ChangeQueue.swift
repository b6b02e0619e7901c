internal import Settings
internal import Support
internal import SystemPackage

/// One at a time of those on this machine whose plan was overtaken: else most of them would lose again and again.
///
/// Nothing depends on it: the tables themselves refuse a plan that is out of date.
final class ChangeQueue {
    private let descriptor: FileDescriptor

    /// Waits until it is our turn; nil when there is no place for the queue, e.g. without rights.
    init?(_ settings: Settings) {
        guard let folder = try? settings.root.host("/run/catboat"), (try? folder.createDirectories()) != nil,
            let descriptor = try? FileDescriptor.openLocked(folder.joined("changes.lock"))
        else { return nil }
        self.descriptor = descriptor
    }

    deinit { try? descriptor.close() }
}
