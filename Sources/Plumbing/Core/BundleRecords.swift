internal import ArgumentParser
internal import Bundles
internal import CommandShell
internal import Digests
internal import Support
internal import SystemPackage

/// Options of the commands that read bundles.
struct BundleReading: ParsableArguments {
    @Option(
        help: "What bundles must prove: none, warn or require.",
        completion: .list(VerificationPolicy.allCases.map(\.rawValue)))
    var verify = "none"
    @Option(help: "Keys that may sign bundles, see ssh-keygen(1).", completion: .file()) var allowedSigners: String?
    @Option(help: "Bytes that the bundle may unpack to.") var maxSize: UInt64?

    func validate() throws {
        guard VerificationPolicy(rawValue: verify) != nil else {
            throw ValidationError("unknown policy '\(verify)': use none, warn or require")
        }
    }

    var unpacker: BundleUnpacker {
        BundleUnpacker(
            limits: BundleLimits(size: maxSize),
            verifier: SignatureVerifier(
                VerificationPolicy(rawValue: verify) ?? .require,
                allowedSigners: allowedSigners.map { FilePath($0).absolute }))
    }
}

/// An image of a bundle, as bundle-unpack and manifest-read print it.
struct BundleRecord: Encodable {
    struct Member: Encodable {
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

    init(_ content: BundleContent, manifest: BundleManifest? = nil) {
        folder = JSONName(content.folder)
        hasManifest = content.hasManifest
        index = content.index
        // Its members are those below.
        index?.members = []
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
    }
}
