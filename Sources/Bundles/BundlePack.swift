internal import FoundationEssentials
public import Support

/// What bundle-pack puts into a bundle for one image: what manifest-write makes of a description.
public struct BundlePack: Codable, Sendable {
    /// A file, or a folder with all below it.
    public struct Source: Codable, Sendable {
        /// Relative to the image's folder in the bundle.
        public var member: JSONName
        /// On the host.
        public var source: JSONName

        public init(member: [UInt8], source: [UInt8]) {
            self.member = JSONName(member)
            self.source = JSONName(source)
        }
    }

    /// Name of the image's folder in the bundle.
    public var folder: String
    /// manifest.xml.
    public var xml: String
    /// Without members, which the packer adds.
    public var index: BundleIndex
    /// Small texts that come with it, e.g. the list of packages, by member.
    public var texts: [String: String] = [:]
    public var sources: [Source]

    private struct Document: Codable {
        var packs: [BundlePack]
        var version: Int
    }

    public static func read(_ bytes: [UInt8]) throws(BundleError) -> [BundlePack] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let document = try? decoder.decode(Document.self, from: Data(bytes)), document.version == 1,
            !document.packs.isEmpty
        else { throw .badPlan("it is not what manifest-write --pack prints") }
        for pack in document.packs { try check(pack.folder) }
        guard Set(document.packs.map(\.folder)).count == document.packs.count else {
            throw .badPlan("two images would share a folder")
        }
        return document.packs
    }

    public static func json(_ packs: [BundlePack]) -> [UInt8] { JSONText.document("packs", packs) }

    private static func check(_ folder: String) throws(BundleError) {
        guard !folder.isEmpty, folder.first != ".", !folder.contains("/"),
            !folder.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f })
        else { throw .badPlan("'\(folder)' cannot be the name of a folder in a bundle") }
    }
}

/// An image to export, as a porcelain tells it: what manifest-write reads.
public struct BundleDescription: Codable, Sendable {
    public var manifest: BundleManifest
    /// E.g. `catboat 0.1.0`.
    public var tool: String
    public var profileCommit: String?
    /// True when the recipe was changed since the root image was built; else nil.
    public var recipeChanged: Bool?
    public var placements: [BundleIndex.Placement]
    public var texts: [String: String]
    public var sources: [BundlePack.Source]

    public init(_ manifest: BundleManifest, tool: String) {
        self.manifest = manifest
        self.tool = tool
        (placements, texts, sources) = ([], [:], [])
    }

    private struct Document: Codable {
        var bundles: [BundleDescription]
        var version: Int
    }

    public static func read(_ bytes: [UInt8]) throws(BundleError) -> [BundleDescription] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let document = try? decoder.decode(Document.self, from: Data(bytes)), document.version == 1,
            !document.bundles.isEmpty
        else { throw .badPlan("it is not a description as manifest-write(1) has it") }
        return document.bundles
    }

    public static func json(_ descriptions: [BundleDescription]) -> [UInt8] {
        JSONText.document("bundles", descriptions)
    }

    /// Checks that the manifest can be read back as it is, then gives what is to be packed.
    public func pack() throws(BundleError) -> BundlePack {
        if manifest.dialect == .flat, let problem = manifest.flatProblem {
            throw .badManifest("a flat one cannot hold that \(problem)", subject: manifest.imagename)
        }
        let xml = manifest.xml
        let again = try BundleManifest(xml: xml)
        var normal = again
        normal.dialect = manifest.dialect
        guard !manifest.imagename.isEmpty else { throw .badManifest("it has no imagename", subject: "osimage") }
        guard normal.osimage.count == manifest.osimage.count, normal.linuximage.count == manifest.linuximage.count
        else { throw .badManifest("it has empty columns", subject: manifest.imagename) }
        var index = BundleIndex(tool: tool, image: manifest.imagename)
        index.profileCommit = profileCommit
        index.recipeChanged = recipeChanged
        index.placements = placements
        return BundlePack(
            folder: Self.folder(of: manifest.imagename), xml: String(decoding: xml, as: UTF8.self), index: index,
            texts: texts, sources: sources)
    }

    /// Name of an image's folder in the bundle: white space becomes `_`.
    public static func folder(of image: String) -> String {
        image.split(whereSeparator: \.isWhitespace).joined(separator: "_")
    }
}
