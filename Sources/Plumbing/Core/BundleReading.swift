internal import ArgumentParser
internal import Bundles
internal import CommandShell
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
