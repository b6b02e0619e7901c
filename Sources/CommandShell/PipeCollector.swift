internal import Support
internal import Synchronization
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Reads a pipe to its end on a thread of its own while the caller waits for the writer.
final class PipeCollector: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    private let reader: FileDescriptor
    private let thread = Mutex<pthread_t?>(nil)

    init(_ reader: FileDescriptor) {
        self.reader = reader
        var identifier = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let code = pthread_create(
            &identifier, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<PipeCollector>.fromOpaque(context).takeRetainedValue().drain()
                return nil
            }, context)
        if code == 0 { thread.withLock { [identifier] in $0 = identifier } }
    }

    private func drain() {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while let count = try? buffer.withUnsafeMutableBytes({ try reader.read(into: $0) }), count > 0 {
            bytes.withLock { $0 += buffer[..<count] }
        }
    }

    /// Waits for the end of the pipe. Every writer must have closed it.
    func finish() -> [UInt8] {
        if let identifier = thread.withLock({ $0 }) { pthread_join(identifier, nil) }
        try? reader.close()
        return bytes.withLock { $0 }
    }
}

/// Writing to a child that may have stopped reading.
enum Feeding {
    static func write(_ bytes: [UInt8], to descriptor: FileDescriptor) {
        let previous = signal(SIGPIPE, SIG_IGN)
        // A child that stops reading early is judged by its exit status.
        _ = try? descriptor.writeAll(bytes)
        try? descriptor.close()
        signal(SIGPIPE, previous)
    }
}
