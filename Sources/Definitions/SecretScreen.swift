/// Looks for secrets in a file before it enters the history: private keys, password hashes, tokens.
public enum SecretScreen {
    /// What was found, for a message; nil when nothing looks like a secret.
    ///
    /// - Parameter name: the file's own name; some names are enough, e.g. `id_ed25519`, `shadow`.
    public static func finding(in bytes: [UInt8], name: [UInt8]) -> String? {
        let name = String(decoding: name, as: UTF8.self)
        if names.contains(name) || suffixes.contains(where: name.hasSuffix) { return "its name is that of a secret" }
        if isSSHPrivateKeyName(name) { return "its name is that of a private key" }
        let text = String(decoding: bytes, as: UTF8.self)
        for line in text.split(whereSeparator: \.isNewline) {
            if line.contains("-----BEGIN "), line.contains("PRIVATE KEY") { return "it holds a private key" }
            if line.contains("PuTTY-User-Key-File-") { return "it holds a private key" }
            if holdsPasswordHash(line) { return "it holds a password hash" }
            if holdsToken(line) { return "it holds an access token" }
        }
        return nil
    }

    private static let names: Set<String> = [
        "shadow", "gshadow", "shadow-", "gshadow-", ".netrc", ".pgpass", ".htpasswd", "passwd.csv", "ipmi.csv",
    ]
    private static let suffixes = [".key", ".p12", ".pfx", ".jks", ".keytab", ".kdbx", ".gpg-secret"]

    private static func isSSHPrivateKeyName(_ name: String) -> Bool {
        guard !name.hasSuffix(".pub") else { return false }
        return name.hasPrefix("id_rsa") || name.hasPrefix("id_dsa") || name.hasPrefix("id_ecdsa")
            || name.hasPrefix("id_ed25519") || (name.hasPrefix("ssh_host_") && name.hasSuffix("_key"))
    }

    /// crypt(5): `$6$salt$hash` and its kin with a salt and a hash of their usual lengths.
    private static func holdsPasswordHash(_ line: Substring) -> Bool {
        for mark in ["$1$", "$5$", "$6$", "$7$", "$y$", "$gy$", "$2a$", "$2b$", "$2y$"] {
            var rest = line
            while let found = rest.firstRange(of: mark) {
                rest = rest[found.upperBound...]
                let body = rest.utf8.prefix { isHashByte($0) || $0 == UInt8(ascii: "$") || $0 == UInt8(ascii: "=") }
                if body.count >= 24 { return true }
            }
        }
        return false
    }

    private static let tokenMarks: [(mark: String, length: Int)] = [
        ("AKIA", 16), ("ASIA", 16), ("ghp_", 36), ("gho_", 36), ("ghs_", 36), ("github_pat_", 40), ("glpat-", 20),
        ("xoxb-", 24), ("xoxp-", 24), ("AIza", 35),
    ]

    private static func holdsToken(_ line: Substring) -> Bool {
        for (mark, length) in tokenMarks {
            var rest = line
            while let found = rest.firstRange(of: mark) {
                let startsWord =
                    found.lowerBound == line.startIndex || !line[line.index(before: found.lowerBound)].isLetter
                rest = rest[found.upperBound...]
                let body = rest.utf8.prefix { isHashByte($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
                if startsWord, body.count >= length { return true }
            }
        }
        return false
    }

    private static func isHashByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}

extension Substring {
    /// `Substring.firstRange(of:)` of the standard library's string processing is slow and this is run on every file.
    fileprivate func firstRange(of text: String) -> Range<Index>? {
        let (haystack, needle) = (utf8, Array(text.utf8))
        guard let first = needle.first else { return nil }
        var start = haystack.startIndex
        while let found = haystack[start...].firstIndex(of: first) {
            if haystack[found...].starts(with: needle),
                let end = haystack.index(
                    found, offsetBy: needle.count, limitedBy: haystack.endIndex)
            {
                return found..<end
            }
            start = haystack.index(after: found)
        }
        return nil
    }
}
