internal import Support
public import SystemPackage

/// A folder of public keys that the site trusts: `<installdir>/custom/keys`.
public struct TrustedKeys {
    private let folder: FilePath

    public init(_ folder: FilePath) { self.folder = folder }

    /// Copies a key into the folder, which is made if need be, and gives its path there.
    ///
    /// The name ends in `.asc` for an armored key and in `.gpg` for a binary one, as apt wants it.
    /// - Throws: `CopyError.noKey` unless the file holds an OpenPGP public key.
    public func add(_ file: FilePath) throws -> FilePath {
        let bytes = try file.readBytes(limit: 1 << 20)
        guard OpenPGP.publicKey(bytes) != nil else { throw CopyError.noKey(file) }
        let suffix = Array((bytes.first.map { $0 & 0x80 != 0 || $0 < 0x20 } == true ? ".gpg" : ".asc").utf8)
        var name = file.lastName.bytes
        for other in [".asc", ".gpg", ".pgp", ".key", ".pub"] where name.suffix(4).elementsEqual(other.utf8) {
            name.removeLast(4)
            break
        }
        try folder.createDirectories()
        let target = folder.joined(FilePath(bytes: name + suffix))
        try AtomicFile.write(bytes, to: target)
        return target
    }
}
