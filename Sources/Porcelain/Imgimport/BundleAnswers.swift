internal import Bundles
internal import FoundationEssentials
internal import Support

/// What `bundle-unpack --json` and `manifest-read --json` print.
struct BundleAnswer: Decodable {
    struct Member: Decodable {
        var name: JSONName
        var sha256: String?
        var size: UInt64
        var mode: String
        var isLink: Bool
    }

    var folder: JSONName
    var hasManifest: Bool
    var signature: String
    var signer: String?
    var index: BundleIndex?
    var manifest: BundleManifest?
    var members: [Member]

    private struct Document: Decodable { var images: [BundleAnswer] }

    static func read(_ bytes: [UInt8]) throws -> [BundleAnswer] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Document.self, from: Data(bytes)).images
    }
}
