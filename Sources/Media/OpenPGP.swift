internal import FoundationEssentials
internal import Support

/// OpenPGP public keys as files: the binary form, or the armored one (RFC 4880 §6).
enum OpenPGP {
    /// The binary form of a key file; nil when it holds no public key.
    static func publicKey(_ bytes: [UInt8]) -> [UInt8]? {
        if let first = bytes.first, first & 0x80 != 0 { return isPublicKey(first) ? bytes : nil }
        // A keybox of GnuPG, which gpgv takes as it is.
        if bytes.count > 32, bytes[8..<12].elementsEqual("KBXf".utf8) { return bytes }
        var keys: [UInt8] = []
        let blocks = String(decoding: bytes, as: UTF8.self).split(
            separator: "-----BEGIN PGP PUBLIC KEY BLOCK-----", omittingEmptySubsequences: false)
        for block in blocks.dropFirst() {
            guard let key = unarmored(block) else { return nil }
            keys += key
        }
        guard let first = keys.first, isPublicKey(first) else { return nil }
        return keys
    }

    /// The packet tag of a public key is 6, in the old or the new packet format.
    private static func isPublicKey(_ first: UInt8) -> Bool {
        first & 0xc0 == 0xc0 ? first & 0x3f == 6 : first & 0x80 != 0 && (first >> 2) & 0x0f == 6
    }

    private static func unarmored(_ block: Substring) -> [UInt8]? {
        guard let end = block.firstRange(of: "-----END") else { return nil }
        let lines = block[..<end.lowerBound].split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        // Headers end with an empty line; the checksum line begins with `=`.
        guard let empty = lines.dropFirst().firstIndex(where: { $0.trimmed.isEmpty }) else { return nil }
        let text = lines[(empty + 1)...].map(\.trimmed).filter { !$0.isEmpty && !$0.hasPrefix("=") }.joined()
        return Data(base64Encoded: text).map { Array($0) }
    }
}
