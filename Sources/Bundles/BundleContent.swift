internal import Digests
internal import Support
internal import SystemPackage

/// An image in a bundle, as it was found there.
public struct BundleContent: Sendable {
    /// Its folder in the archive; empty when the archive's top is the image.
    public var folder: [UInt8]
    public var hasManifest: Bool
    /// nil in bundles of xCAT.
    public var index: BundleIndex?
    public var signature: SignatureState
    /// Files and links with names relative to the folder, index and signature left out. Sorted by name.
    public var members: [UnpackedMember]
    /// Folders with names relative to the folder, that of the index left out; with the modes that the index has, when there
    /// is one. Sorted by name.
    public var folders: [UnpackedFolder]

    public init(
        folder: [UInt8], hasManifest: Bool, index: BundleIndex? = nil, signature: SignatureState = .unsigned,
        members: [UnpackedMember] = [], folders: [UnpackedFolder] = []
    ) {
        (self.folder, self.hasManifest, self.index) = (folder, hasManifest, index)
        (self.signature, self.members, self.folders) = (signature, members, folders)
    }
}

/// The images of a bundle, checked against their indexes.
enum BundleContents {
    private struct Image {
        var folder: [UInt8]
        /// Names are relative to the folder.
        var members: [UnpackedMember] = []
        var folders: [UnpackedFolder] = []
    }

    /// - Parameters:
    ///   - members: of the whole archive.
    ///   - folders: of the whole archive, sorted.
    ///   - text: a small member by its name.
    static func find(
        _ members: [UnpackedMember], _ folders: [UnpackedFolder], verifier: SignatureVerifier,
        text: ([UInt8]) throws -> [UInt8]
    ) throws -> [BundleContent] {
        try images(members, folders).map { try content($0, verifier, text) }
    }

    private static func content(
        _ image: Image, _ verifier: SignatureVerifier, _ text: ([UInt8]) throws -> [UInt8]
    ) throws -> BundleContent {
        let folder = image.folder
        let own = image.members.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        let full: (String) -> [UInt8] = { (folder.isEmpty ? [] : folder + [0x2f]) + Array($0.utf8) }
        let has: (String) -> Bool = { name in own.contains { $0.name.elementsEqual(name.utf8) && !$0.isLink } }
        var content = BundleContent(
            folder: folder, hasManifest: has("manifest.xml"), index: nil, signature: .unsigned,
            members: own.filter {
                !$0.name.elementsEqual(BundleIndex.name.utf8)
                    && !$0.name.elementsEqual(BundleIndex.signatureName.utf8)
            },
            folders: image.folders.filter { !BundleIndex.isOwn($0.name) })
        guard has(BundleIndex.name) else {
            // A signature alone would pass as none.
            if has(BundleIndex.signatureName) { throw BundleError.missing(member: Array(BundleIndex.name.utf8)) }
            if let stray = content.members.first(where: { $0.name.starts(with: "\(BundleIndex.folder)/".utf8) }) {
                throw BundleError.refused(.reserved, member: stray.name)
            }
            content.signature = try verifier.check(
                image: String(decoding: folder, as: UTF8.self), index: [], signature: nil)
            return content
        }
        let bytes = try text(full(BundleIndex.name))
        let index = try BundleIndex(json: bytes)
        try compare(content, index)
        if index.folders == nil {
            // Nobody vouches for what the archive says.
            for position in content.folders.indices { content.folders[position].permissions = 0o755 }
        }
        content.index = index
        content.signature = try verifier.check(
            image: index.image, index: bytes,
            signature: has(BundleIndex.signatureName) ? try text(full(BundleIndex.signatureName)) : nil)
        return content
    }

    /// Images sorted by folder, with names of members relative to it; the top alone when it has a manifest.
    private static func images(_ members: [UnpackedMember], _ folders: [UnpackedFolder]) -> [Image] {
        if members.contains(where: { $0.name.elementsEqual("manifest.xml".utf8) }) {
            return [Image(folder: [], members: members, folders: folders)]
        }
        var images: [[UInt8]: Image] = [:]
        // xCAT takes no notice of hidden names at the top.
        for member in members where member.name.first != UInt8(ascii: ".") {
            guard let slash = member.name.firstIndex(of: 0x2f) else {
                // No folder, so no manifest can be there.
                images[member.name] = Image(folder: member.name)
                continue
            }
            var inner = member
            inner.name = Array(member.name[(slash + 1)...])
            let name = Array(member.name[..<slash])
            images[name, default: Image(folder: name)].members.append(inner)
        }
        for folder in folders {
            // Without a file it is no image, nor in one.
            guard let slash = folder.name.firstIndex(of: 0x2f),
                images[Array(folder.name[..<slash])] != nil
            else { continue }
            var inner = folder
            inner.name = Array(folder.name[(slash + 1)...])
            images[Array(folder.name[..<slash])]?.folders.append(inner)
        }
        return images.values.sorted { $0.folder.lexicographicallyPrecedes($1.folder) }
    }

    /// All that is there must be what the index says, and nothing else may be there.
    private static func compare(_ content: BundleContent, _ index: BundleIndex) throws(BundleError) {
        try compare(
            content.members.map { member in
                let digest = member.digest?.description ?? ""
                return (member.name, [digest, "\(member.size)", octal(member.permissions), "\(member.isLink)"])
            },
            index.members.map { ($0.name.bytes, [$0.sha256, "\($0.size)", $0.mode, "\($0.isLink ?? false)"]) })
        guard let folders = index.folders else { return }
        try compare(
            content.folders.map { ($0.name, [octal($0.permissions)]) }, folders.map { ($0.name.bytes, [$0.mode]) })
    }

    private static func octal(_ permissions: UInt32) -> String { String(permissions, radix: 8) }

    private static func compare(
        _ found: [(name: [UInt8], facts: [String])], _ listed: [(name: [UInt8], facts: [String])]
    ) throws(BundleError) {
        var known: [[UInt8]: [String]] = [:]
        for (name, facts) in listed {
            guard known.updateValue(facts, forKey: name) == nil else {
                throw .badIndex("it is there twice", subject: String(decoding: name, as: UTF8.self))
            }
        }
        for (name, facts) in found {
            guard let expected = known.removeValue(forKey: name) else { throw .unlisted(member: name) }
            guard facts == expected else { throw .differs(member: name) }
        }
        let missing = known.keys.min { $0.lexicographicallyPrecedes($1) }
        if let missing { throw .missing(member: missing) }
    }
}
