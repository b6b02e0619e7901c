internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Checks who signed the lists of a medium (Release files, repomd.xml, CHECKSUMS), with gpgv(1) against keyrings that
/// are trusted here.
struct SignatureCheck {
    private let catalog: MediumCatalog
    private let keyrings: [FilePath]

    init(_ catalog: MediumCatalog, keyrings: [FilePath]) {
        self.catalog = catalog
        self.keyrings = keyrings
    }

    /// - Throws: `CopyError.badSignature` when the text was changed after signing.
    func run() throws -> SignatureState {
        let signed = catalog.texts.keys.filter { Self.isSignature($0) }
            .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        guard !signed.isEmpty else { return SignatureState(.unsigned) }
        guard Tool.isInstalled("gpgv") else { return SignatureState(.notChecked, file: signed[0].printable) }
        let folder = try TemporaryFolder("catboat-media")
        let trusted = try rings(folder)
        var states: [SignatureState] = []
        for file in signed { states.append(try check(file, trusted, folder)) }
        // One file that nobody trusted signed makes the whole medium untrusted.
        return states.first { $0.state != .trusted } ?? states[0]
    }

    private static func isSignature(_ path: FilePath) -> Bool {
        path.lastName == "InRelease" || signedText(path) != nil
    }

    /// The text that a detached signature is about, by their names.
    private static func signedText(_ path: FilePath) -> FilePath? {
        let names = [
            "Release.gpg": "Release", "repomd.xml.asc": "repomd.xml", "CHECKSUMS.asc": "CHECKSUMS",
            "content.asc": "content",
        ]
        return names[path.lastName.printable].map { path.removingLastComponent().joined(FilePath($0)) }
    }

    private func check(
        _ file: FilePath, _ trusted: [(ring: FilePath, origin: FilePath)], _ folder: TemporaryFolder
    ) throws -> SignatureState {
        let signature = try folder.write(catalog.texts[file] ?? [], "signature")
        var words = [Word(signature)]
        if let text = Self.signedText(file) {
            words.append(Word(try folder.write(catalog.texts[text] ?? [], "text")))
        }
        switch try verify(words, trusted.map(\.ring)) {
        case .good(let fingerprint):
            let holder = try trusted.first { ring, _ in
                if case .good = try verify(words, [ring]) { true } else { false }
            }
            return SignatureState(
                .trusted, file: file.printable, fingerprint: fingerprint, keyring: holder?.origin.printable)
        case .bad(let key): throw CopyError.badSignature(file, key: key)
        case .unknown(let fingerprint): return try untrusted(file, words, fingerprint, folder)
        }
    }

    /// Looks for the key among those on the medium, to tell its fingerprint.
    private func untrusted(
        _ file: FilePath, _ words: [Word], _ fingerprint: String?, _ folder: TemporaryFolder
    ) throws -> SignatureState {
        var state = SignatureState(.unknownKey, file: file.printable, fingerprint: fingerprint)
        for (path, bytes) in catalog.texts.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }) {
            guard Self.signedText(path) == nil, let key = OpenPGP.publicKey(bytes) else { continue }
            switch try verify(words, [try folder.write(key, "key")]) {
            case .good(let fingerprint):
                state.fingerprint = fingerprint
                state.keyOnMedium = path.printable
                return state
            case .bad(let key): throw CopyError.badSignature(file, key: key)
            case .unknown(let fingerprint): state.fingerprint = state.fingerprint ?? fingerprint
            }
        }
        return state
    }

    private enum Verdict { case good(String), bad(String), unknown(String?) }

    private func verify(_ words: [Word], _ rings: [FilePath]) throws -> Verdict {
        let options = rings.flatMap { ring -> [Word] in ["--keyring", Word(ring)] }
        let captured = try Tool("gpgv", ["--status-fd", "1"] + options + words).capture(limit: 1 << 20)
        var verdict = Verdict.unknown(nil)
        for line in captured.lines where line.hasPrefix("[GNUPG:] ") {
            let fields = line.dropFirst(9).split(separator: " ").map(String.init)
            switch fields.first {
            case "BADSIG": return .bad(fields.count > 1 ? fields[1] : "unknown")
            case "VALIDSIG" where captured.ending.isSuccess: verdict = .good(fields.count > 1 ? fields[1] : "")
            // Key id, algorithms, class, time, reason, and the fingerprint where the signature holds it.
            case "ERRSIG":
                let fingerprint = fields.count > 7 && fields[7] != "-" ? fields[7] : nil
                verdict = .unknown(fingerprint ?? (fields.count > 1 ? fields[1] : nil))
            default: continue
            }
        }
        return verdict
    }

    /// The trusted keyrings in the form gpgv reads; a file that is no keyring is passed over.
    private func rings(_ folder: TemporaryFolder) throws -> [(ring: FilePath, origin: FilePath)] {
        var rings: [(FilePath, FilePath)] = []
        let files = try keyrings.flatMap { keyring in
            keyring.isDirectory ? try keyring.directoryNames().map { keyring.joined($0) } : [keyring]
        }
        for (number, keyring) in files.enumerated() {
            guard let bytes = try? keyring.readBytes(limit: 16 << 20), let key = OpenPGP.publicKey(bytes) else {
                continue
            }
            rings.append((try folder.write(key, "trusted-\(number)"), keyring))
        }
        // Without any key the signature still tells which one made it.
        return rings.isEmpty ? [(try folder.write([], "no-key"), FilePath("no-key"))] : rings
    }
}
