public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

extension FilePath {
    /// Makes a directory whose name is this path and six characters that nobody else has, mode 0700.
    public func createUniqueDirectory() throws(FileError) -> FilePath {
        let made = unique { mkdtemp($0) != nil }
        guard let made else { throw FileError("create directory", self, .latest) }
        return made
    }

    /// This path and six characters, as `make` chose them; nil when it failed, with `Errno.latest`.
    ///
    /// - Parameter make: gets a template of mkstemp(3), replaces its last six characters and says whether that did it.
    func unique(made make: (UnsafeMutablePointer<CChar>) -> Bool) -> FilePath? {
        var template = (bytes + Array(repeating: UInt8(ascii: "X"), count: 6) + [0]).map { CChar(bitPattern: $0) }
        let isMade = template.withUnsafeMutableBufferPointer { buffer in buffer.baseAddress.map(make) ?? false }
        return isMade ? FilePath(bytes: template.dropLast().map { UInt8(bitPattern: $0) }) : nil
    }
}
