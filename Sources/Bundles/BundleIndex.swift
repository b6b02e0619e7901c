public import Digests
internal import FoundationEssentials
public import Support

/// What our bundles say beyond the manifest: `.catboat/bundle.json` in the image's folder, the last member but its signature.
///
/// xCAT's importer takes no notice of it.
public struct BundleIndex: Codable, Equatable, Sendable {
    /// A regular file or symbolic link of the bundle.
    public struct Member: Codable, Equatable, Sendable {
        /// Relative to the image's folder.
        public var name: JSONName
        /// `sha256:<hex>`
        public var sha256: String
        /// Bytes.
        public var size: UInt64
        /// Permission bits in octal, e.g. `644`.
        public var mode: String
        /// Of a symbolic link: then size and digest are those of its target's name.
        public var isLink: Bool?

        public init(name: [UInt8], digest: Digest, size: UInt64, permissions: UInt32, isLink: Bool = false) {
            self.name = JSONName(name)
            sha256 = digest.description
            self.size = size
            mode = String(permissions, radix: 8)
            self.isLink = isLink ? true : nil
        }
    }

    /// A folder of the bundle.
    public struct Folder: Codable, Equatable, Sendable {
        /// Relative to the image's folder.
        public var name: JSONName
        /// Permission bits in octal, e.g. `755`.
        public var mode: String

        public init(name: [UInt8], permissions: UInt32) {
            self.name = JSONName(name)
            mode = String(permissions, radix: 8)
        }
    }

    /// Where a member belongs that the manifest cannot name, or names under another member's base name.
    public struct Placement: Codable, Equatable, Sendable {
        public var member: JSONName
        public var target: String
        /// What it is: `include`, `partitionfile`, `postscript`, `hook`, or the column of a list.
        public var kind: String

        public init(member: [UInt8], target: String, kind: String) {
            self.member = JSONName(member)
            self.target = target
            self.kind = kind
        }
    }

    /// The only format there is.
    public static let currentFormat = 1
    public static let folder = ".catboat"
    public static let name = ".catboat/bundle.json"
    public static let signatureName = ".catboat/bundle.json.sig"
    /// Packages of the root image, as package-list prints them.
    public static let packagesName = ".catboat/packages"
    /// What else the exporting site's history has of the build: files of `recordNames`.
    public static let recordFolder = ".catboat/record"
    public static let recordNames = ["build.json", "digests", "files"]

    public var format = currentFormat
    /// E.g. `catboat 0.1.0`.
    public var tool: String
    public var image: String
    /// The commit of the recipe in the exporting site's history.
    public var profileCommit: String?
    /// True when the lists or attributes were changed since the root image was built from them; else nil.
    public var recipeChanged: Bool?
    public var placements: [Placement] = []
    /// Sorted by name.
    public var members: [Member] = []
    /// All folders but the image's own and that of the index, sorted by name; nil in bundles of the first builds.
    public var folders: [Folder]?

    public init(tool: String, image: String) {
        self.tool = tool
        self.image = image
    }

    /// Whether a folder is that of the index, or in it.
    static func isOwn(_ name: [UInt8]) -> Bool {
        name.elementsEqual(folder.utf8) || name.starts(with: "\(folder)/".utf8)
    }

    private struct Document: Codable {
        var bundles: [BundleIndex]
        var version: Int
    }

    public static let sizeLimit = 64 << 20

    public init(json bytes: [UInt8]) throws(BundleError) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let document: Document
        do {
            document = try decoder.decode(Document.self, from: Data(bytes))
        } catch {
            throw .badIndex("it is not the JSON it should be", subject: Self.name)
        }
        guard document.version == 1, document.bundles.count == 1, let index = document.bundles.first,
            index.format == Self.currentFormat
        else { throw .badIndex("it was made by a newer Catboat: use that", subject: Self.name) }
        self = index
    }

    public var json: [UInt8] { JSONText.document("bundles", [self]) }
}
