internal import CLinux
internal import Support
public import SystemPackage

/// Signs the index of a bundle with an SSH key, through `ssh-keygen -Y`.
public struct BundleSigner: Sendable {
    /// What the signature is for, so that one made for something else counts for nothing.
    public static let namespace = "catboat-bundle"

    private let key: FilePath

    /// - Parameter key: a private key, or a public one whose private key an agent holds.
    public init(key: FilePath) { self.key = key }

    /// Signs nothing in particular, to find out whether the key can be used before much is done for it.
    ///
    /// - Throws: `ToolError` with what `ssh-keygen` says of the key.
    public func check() throws { _ = try sign([]) }

    func sign(_ bytes: [UInt8]) throws -> [UInt8] {
        try Tool("ssh-keygen", ["-q", "-Y", "sign", "-f", Word(key), "-n", Word(Self.namespace)])
            .output(input: bytes, limit: 1 << 20).output
    }
}

/// What bundles must prove before they are accepted.
public enum VerificationPolicy: String, Codable, Sendable, CaseIterable {
    /// Digests must fit where a bundle has them; a signature must be whole, whoever made it.
    case none
    /// As `none`; a bundle that is not signed by someone allowed is told about.
    case warn
    /// Only bundles signed by someone allowed.
    case require
}

/// How a bundle is signed.
public enum SignatureState: Codable, Equatable, Sendable {
    case unsigned
    /// The signature fits, but nobody allowed made it.
    case stranger
    /// By the principal of the list of allowed signers.
    case signed(by: String)

    public var isAllowed: Bool { if case .signed = self { true } else { false } }
}

/// Checks signatures against a list of allowed signers; see ALLOWED SIGNERS of ssh-keygen(1).
public struct SignatureVerifier: Sendable {
    public let policy: VerificationPolicy
    public let allowedSigners: FilePath?

    public init(_ policy: VerificationPolicy, allowedSigners: FilePath?) {
        (self.policy, self.allowedSigners) = (policy, allowedSigners)
    }

    /// - Parameters:
    ///   - signature: what `ssh-keygen -Y sign` made; nil when there is none.
    ///   - index: the bytes that were signed.
    /// - Throws: `BundleError.badSignature` for one that does not fit, `.unsigned` and `.wrongSigner` when signatures are required.
    public func check(image: String, index: [UInt8], signature: [UInt8]?) throws -> SignatureState {
        guard let signature else {
            if policy == .require { throw BundleError.unsigned(image: image) }
            return .unsigned
        }
        let keygen = try SignatureTool(signature)
        defer { keygen.close() }
        let whole = try keygen.run("check-novalidate", ["-n", Word(BundleSigner.namespace)], input: index)
        guard whole.ending.isSuccess else {
            throw BundleError.badSignature(image: image, what: "the bundle was changed after it was signed")
        }
        guard let allowedSigners, allowedSigners.isRegularFile else {
            if policy == .require { throw BundleError.noSigners(allowedSigners ?? "allowed_signers") }
            return .stranger
        }
        let found = try keygen.run("find-principals", ["-f", Word(allowedSigners)])
        for principal in found.ending.isSuccess ? found.lines : [] {
            let words: [Word] = [
                "-f", Word(allowedSigners), "-I", Word(principal), "-n", Word(BundleSigner.namespace),
            ]
            let verified = try keygen.run("verify", words, input: index)
            if verified.ending.isSuccess { return .signed(by: String(principal)) }
        }
        if policy == .require { throw BundleError.wrongSigner(image: image, allowed: allowedSigners) }
        return .stranger
    }
}

/// `ssh-keygen -Y`, which reads the signature from a file that is only in memory.
private struct SignatureTool {
    private let file: FileDescriptor

    init(_ signature: [UInt8]) throws {
        let number = catboat_memory_file("signature")
        guard number >= 0 else { throw FileError("create", "signature", .latest) }
        file = FileDescriptor(rawValue: number)
        _ = try FileError.wrap("write", "signature") { try file.writeAll(signature) }
    }

    func close() { try? file.close() }

    func run(_ action: Word, _ words: [Word], input: [UInt8] = []) throws -> Tool.Captured {
        var tool = Tool("ssh-keygen", ["-Y", action] + words + ["-s", "/dev/fd/3"])
        tool.descriptors[3] = file
        return try tool.capture(input: input, limit: 1 << 20)
    }
}
