internal import Digests
public import Support

/// An image of a bundle in the JSON of bundle-unpack and manifest-read, in a document of `images`.
public struct BundleRecord: Codable, Sendable {
    /// A file or link of the bundle.
    public struct Member: Codable, Sendable {
        /// Relative to the image's folder.
        public var name: JSONName
        /// `sha256:<hex>`; nil when the member was not read.
        public var sha256: String?
        /// Bytes.
        public var size: UInt64
        /// Permission bits in octal, e.g. `644`.
        public var mode: String
        public var isLink: Bool
    }

    /// The noun of the document.
    public static let noun = "images"

    public var folder: JSONName
    public var hasManifest: Bool
    /// `unsigned`, `signed`, or `stranger` for a valid signature of nobody on the list.
    public var signature: String
    public var signer: String?
    /// Without its members and folders: they are below.
    public var index: BundleIndex?
    /// From manifest-read only.
    public var manifest: BundleManifest?
    public var members: [Member]
    public var folders: [BundleIndex.Folder]

    public init(_ content: BundleContent, manifest: BundleManifest? = nil) {
        folder = JSONName(content.folder)
        hasManifest = content.hasManifest
        index = content.index
        index?.members = []
        index?.folders = nil
        self.manifest = manifest
        switch content.signature {
        case .unsigned: signature = "unsigned"
        case .stranger: signature = "stranger"
        case .signed(let principal): (signature, signer) = ("signed", principal)
        }
        members = content.members.map { member in
            Member(
                name: JSONName(member.name), sha256: member.digest?.description, size: member.size,
                mode: String(member.permissions, radix: 8), isLink: member.isLink)
        }
        folders = content.folders.map { BundleIndex.Folder(name: $0.name, permissions: $0.permissions) }
    }

    private struct Document: Decodable { var images: [BundleRecord] }

    /// Reads the whole document.
    public static func read(_ document: [UInt8]) throws -> [BundleRecord] {
        try JSONText.decode(Document.self, document).images
    }
}
