internal import Support

/// Names of members: relative, without `.`, `..` and control characters.
enum MemberName {
    /// Checks a name that has no `./` and no doubled slashes any more.
    static func check(_ name: [UInt8]) throws(BundleError) {
        guard name.first != 0x2f else { throw .refused(.absolute, member: name) }
        guard !name.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { throw .refused(.control, member: name) }
        let parts = name.split(separator: 0x2f, omittingEmptySubsequences: false)
        guard name.count <= 4000, parts.count <= 64, parts.allSatisfy({ $0.count <= 255 }) else {
            throw .refused(.tooLong, member: name)
        }
        for part in parts {
            guard !part.isEmpty, part != [0x2e] else { throw .refused(.emptyName, member: name) }
            guard part != [0x2e, 0x2e] else { throw .refused(.escapes, member: name) }
        }
    }

    /// A name of an archive without `./`, doubled slashes and a slash at its end; empty for the top.
    static func normal(_ name: [UInt8]) throws(BundleError) -> [UInt8] {
        guard !name.isEmpty else { throw .refused(.emptyName, member: name) }
        guard name.first != 0x2f else { throw .refused(.absolute, member: name) }
        let parts = name.split(separator: 0x2f).filter { $0 != [0x2e] }
        let normal = Array(parts.joined(separator: [0x2f]))
        if !normal.isEmpty { try check(normal) }
        return normal
    }

    /// Whether it is the manifest, index or signature of an image, which is a folder at the top or the top itself.
    static func describesImage(_ name: [UInt8]) -> Bool {
        let inner = name.firstIndex(of: 0x2f).map { name[($0 + 1)...] } ?? []
        return ["manifest.xml", BundleIndex.name, BundleIndex.signatureName].contains {
            name.elementsEqual($0.utf8) || inner.elementsEqual($0.utf8)
        }
    }
}

/// The target of a symbolic link in a folder that is moved as a whole.
public struct LinkTarget {
    private let bytes: [UInt8]

    /// - Parameter bytes: what the link says.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether the link stays below the top of its folder, whatever other links that stay there are on the way.
    ///
    /// Only its beginning may climb: `..` behind a name leads out of where a link of that name goes.
    /// - Parameter name: of the link, relative to that top.
    public func staysWithin(_ name: [UInt8]) -> Bool {
        guard !bytes.isEmpty, bytes.first != 0x2f, bytes.count <= 4000,
            !bytes.contains(where: { $0 < 0x20 || $0 == 0x7f })
        else { return false }
        var depth = name.split(separator: 0x2f).count - 1
        var hasName = false
        for part in bytes.split(separator: 0x2f) where part != [0x2e] {
            guard part == [0x2e, 0x2e] else {
                hasName = true
                continue
            }
            depth -= 1
            if hasName || depth < 0 { return false }
        }
        return true
    }
}
