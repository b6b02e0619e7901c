internal import Support
internal import SystemPackage

/// Signatures of repositories.
enum AptSignature {
    /// Refuses a local repository whose signature is not by a trusted key, naming the key. Apt would check as well, but names only an
    /// abbreviation of it.
    static func check(_ repository: AptRepository, keys: FilePath) throws {
        let folder: FilePath
        switch repository {
        case .archive(let path, let suite, _, true): folder = path.joined("dists").joined(suite)
        case .flat(let path, true): folder = path
        default: return
        }
        let signed: [Word] =
            folder.joined("InRelease").exists
            ? [Word(folder.joined("InRelease"))] : [Word(folder.joined("Release.gpg")), Word(folder.joined("Release"))]
        let rings = try keyrings(keys)
        let captured = try Tool("gpgv", ["--status-fd", "1"] + rings.flatMap { ["--keyring", Word($0)] } + signed)
            .capture()
        let lines = captured.lines.compactMap {
            $0.hasPrefix("[GNUPG:] ") ? $0.dropFirst(9).split(separator: " ") : nil
        }
        if lines.contains(where: { $0.first == "VALIDSIG" || $0.first == "GOODSIG" }) { return }
        if lines.contains(where: { $0.first == "BADSIG" }) { throw RepositoryError.badSignature(folder.printable) }
        // ERRSIG key algorithm digest class time reason fingerprint
        let missing = lines.first { $0.first == "ERRSIG" }
        guard let missing else { throw RepositoryError.badSignature(folder.printable) }
        let fingerprint = missing.count > 7 && missing[7].count >= 40 ? missing[7] : missing[1]
        throw RepositoryError.untrusted(folder.printable, fingerprint: String(fingerprint))
    }

    /// Keyrings in the binary form that gpgv reads.
    private static func keyrings(_ folder: FilePath) throws -> [FilePath] {
        var result: [FilePath] = []
        for name in try folder.directoryNames() {
            let file = folder.joined(name)
            guard name.printable.hasSuffix(".asc") else {
                if name.printable.hasSuffix(".gpg") { result.append(file) }
                continue
            }
            let binary = folder.joined("\(name.printable).keys")
            if !binary.exists {
                let decoded = try ArmoredKeys.decode(try file.readText())
                try AtomicFile.write(decoded, to: binary)
            }
            result.append(binary)
        }
        return result
    }

    /// The error in what `apt-get update` printed.
    static func explain(_ text: String) -> RepositoryError {
        let lines = text.split(separator: "\n")
        for line in lines where line.contains("NO_PUBKEY") {
            let words = line.split(separator: " ")
            let key = words.firstIndex(of: "NO_PUBKEY").map { words[words.index(after: $0)] } ?? ""
            let place = line.split(separator: ": ").dropFirst(2).first ?? line[...]
            return .untrusted(String(place), fingerprint: String(key))
        }
        for line in lines where line.contains("is not signed") || line.contains("does not have a Release file") {
            return .unsigned(String(line.split(separator: "'").dropFirst().first ?? line))
        }
        let reasons = lines.filter { $0.hasPrefix("E:") || $0.hasPrefix("W:") }
        return .unusable("pkgdir", reason: reasons.suffix(5).joined(separator: "\n"))
    }
}
