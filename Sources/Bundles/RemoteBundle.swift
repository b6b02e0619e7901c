public import Support
public import SystemPackage

/// A bundle on another host, which scp(1) moves. scp says itself why it cannot.
public struct RemoteBundle: Sendable {
    private let host: String
    private let path: FilePath

    /// - Parameters:
    ///   - host: `host` or `user@host`.
    ///   - path: there; relative to the home folder of that user unless absolute.
    /// - Throws: `BundleError.badHost`: ssh must not take it for an option.
    public init(host: String, path: FilePath) throws(BundleError) {
        guard !host.isEmpty, !host.hasPrefix("-"), !host.contains(where: \.isWhitespace) else {
            throw .badHost(host)
        }
        (self.host, self.path) = (host, path)
    }

    private var place: Word { Word(bytes: Array("\(host):".utf8) + path.bytes) }

    /// - Returns: whether the file is there now.
    public func send(_ file: FilePath) throws(ToolError) -> Bool { try copy(Word(file), place) }

    /// - Returns: whether `file` is the bundle now.
    public func fetch(to file: FilePath) throws(ToolError) -> Bool { try copy(place, Word(file)) }

    /// `-B`: no password is asked for.
    private func copy(_ source: Word, _ target: Word) throws(ToolError) -> Bool {
        try Tool("scp", ["-B", source, target]).run(output: .null).isSuccess
    }
}
