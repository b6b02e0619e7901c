internal import Sandbox

/// A second holder of a lock, which closures can keep: they outlive a borrow.
final class HeldLock {
    let lock: ImageLock

    init(_ lock: borrowing ImageLock) throws { self.lock = try ImageLock(sharing: lock) }
}
