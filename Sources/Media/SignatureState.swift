/// What is known about who signed a medium.
public struct SignatureState: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable {
        /// Signed by a key of a trusted keyring.
        case trusted
        /// Signed, but with no key that is trusted here.
        case unknownKey = "unknown-key"
        /// The medium holds nothing signed as a whole.
        case unsigned
        /// It could not be checked: no gpgv on this machine.
        case notChecked = "not-checked"
    }

    public var state: State
    /// The signed file, e.g. `dists/bookworm/InRelease`.
    public var file: String?
    /// Of the signing key, as far as the signature tells it.
    public var fingerprint: String?
    /// The trusted keyring that holds the key.
    public var keyring: String?
    /// A file of the medium that holds the unknown key.
    public var keyOnMedium: String?

    public init(
        _ state: State, file: String? = nil, fingerprint: String? = nil, keyring: String? = nil,
        keyOnMedium: String? = nil
    ) {
        self.state = state
        self.file = file
        self.fingerprint = fingerprint
        self.keyring = keyring
        self.keyOnMedium = keyOnMedium
    }
}
