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

    public init(
        folder: [UInt8], hasManifest: Bool, index: BundleIndex? = nil, signature: SignatureState = .unsigned,
        members: [UnpackedMember] = []
    ) {
        (self.folder, self.hasManifest, self.index) = (folder, hasManifest, index)
        (self.signature, self.members) = (signature, members)
    }
}

/// The images of a bundle, checked against their indexes.
enum BundleContents {
    /// - Parameters:
    ///   - members: of the whole archive.
    ///   - text: a small member by its name.
    static func find(
        _ members: [UnpackedMember], verifier: SignatureVerifier, text: ([UInt8]) throws -> [UInt8]
    ) throws -> [BundleContent] {
        try images(members).map { try content($0.folder, $0.members, verifier, text) }
    }

    /// - Parameter members: of the image alone, with names relative to its folder.
    private static func content(
        _ folder: [UInt8], _ members: [UnpackedMember], _ verifier: SignatureVerifier,
        _ text: ([UInt8]) throws -> [UInt8]
    ) throws -> BundleContent {
        let own = members.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        let full: (String) -> [UInt8] = { (folder.isEmpty ? [] : folder + [0x2f]) + Array($0.utf8) }
        let has: (String) -> Bool = { name in own.contains { $0.name.elementsEqual(name.utf8) && !$0.isLink } }
        var content = BundleContent(
            folder: folder, hasManifest: has("manifest.xml"), index: nil, signature: .unsigned,
            members: own.filter {
                !$0.name.elementsEqual(BundleIndex.name.utf8)
                    && !$0.name.elementsEqual(BundleIndex.signatureName.utf8)
            })
        let image = String(decoding: folder, as: UTF8.self)
        guard has(BundleIndex.name) else {
            // A signature alone would pass as none.
            if has(BundleIndex.signatureName) { throw BundleError.missing(member: Array(BundleIndex.name.utf8)) }
            if let stray = content.members.first(where: { $0.name.starts(with: "\(BundleIndex.folder)/".utf8) }) {
                throw BundleError.refused(.reserved, member: stray.name)
            }
            content.signature = try verifier.check(image: image, index: [], signature: nil)
            return content
        }
        let bytes = try text(full(BundleIndex.name))
        let index = try BundleIndex(json: bytes)
        try compare(content.members, index)
        content.index = index
        content.signature = try verifier.check(
            image: index.image, index: bytes,
            signature: has(BundleIndex.signatureName) ? try text(full(BundleIndex.signatureName)) : nil)
        return content
    }

    /// Images sorted by folder, with names of members relative to it; the top alone when it has a manifest.
    private static func images(_ members: [UnpackedMember]) -> [(folder: [UInt8], members: [UnpackedMember])] {
        if members.contains(where: { $0.name.elementsEqual("manifest.xml".utf8) }) {
            return [(folder: [], members: members)]
        }
        var images: [[UInt8]: [UnpackedMember]] = [:]
        // xCAT takes no notice of hidden names at the top.
        for member in members where member.name.first != UInt8(ascii: ".") {
            guard let slash = member.name.firstIndex(of: 0x2f) else {
                // No folder, so no manifest can be there.
                images[member.name] = []
                continue
            }
            var inner = member
            inner.name = Array(member.name[(slash + 1)...])
            images[Array(member.name[..<slash]), default: []].append(inner)
        }
        let sorted = images.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return sorted.map { (folder: $0.key, members: $0.value) }
    }

    /// Every member must be what the index says, and nothing else may be there.
    private static func compare(_ members: [UnpackedMember], _ index: BundleIndex) throws(BundleError) {
        var listed: [[UInt8]: BundleIndex.Member] = [:]
        for member in index.members {
            guard listed.updateValue(member, forKey: member.name.bytes) == nil else {
                throw .badIndex("it is there twice", subject: String(decoding: member.name.bytes, as: UTF8.self))
            }
        }
        for member in members {
            guard let known = listed.removeValue(forKey: member.name) else { throw .unlisted(member: member.name) }
            guard known.size == member.size, known.isLink ?? false == member.isLink,
                known.mode == String(member.permissions, radix: 8), member.digest?.description == known.sha256
            else { throw .differs(member: member.name) }
        }
        let missing = listed.keys.min { $0.lexicographicallyPrecedes($1) }
        if let missing { throw .missing(member: missing) }
    }
}
