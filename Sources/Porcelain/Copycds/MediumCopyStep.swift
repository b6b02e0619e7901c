internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

/// The step of copycds that copies: media-copy, what is said before and after, and who signed the medium.
struct MediumCopyStep {
    private let medium: InspectedMedium
    private let destination: FilePath
    private let words: [Word]

    /// - Parameters:
    ///   - destination: as stored.
    ///   - links: symbolic links to it, as stored.
    init(
        _ medium: InspectedMedium, to destination: FilePath, name: String?, arch: String?, _ cluster: Cluster,
        isNonoverwrite: Bool, links: [FilePath]
    ) throws {
        self.medium = medium
        self.destination = destination
        var words: [Word] = ["--json"]
        if let name { words += ["--name", Word(name)] }
        if let arch { words += ["--arch", Word(arch)] }
        for keyring in try Self.keyrings(cluster) { words += ["--keyring", Word(keyring)] }
        if isNonoverwrite {
            for folder in try Self.copies(cluster) { words += ["--unless-copied-to", Word(folder)] }
        }
        for link in links { words += ["--link", Word(try Self.unresolved(link, cluster))] }
        self.words = words + [Word(medium.file), Word(try Self.place(destination, cluster))]
    }

    /// On the host; a link of that name stays a link.
    private static func unresolved(_ stored: FilePath, _ cluster: Cluster) throws -> FilePath {
        try cluster.settings.host(stored.removingLastComponent()).joined(stored.lastName)
    }

    /// Where a link leads, unless to a neighbour: the link that a Full medium got gives way to the disc itself.
    private static func place(_ stored: FilePath, _ cluster: Cluster) throws -> FilePath {
        let path = try unresolved(stored, cluster)
        guard try path.status()?.kind == .symbolicLink else { return path }
        let target = try cluster.settings.host(stored)
        let isNeighbour = target.removingLastComponent() == path.removingLastComponent()
        return isNeighbour ? path : target
    }

    /// Keys that this machine trusts for archives, and the site's own.
    private static func keyrings(_ cluster: Cluster) throws -> [FilePath] {
        let host: [FilePath] = [
            "/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
            "/etc/apt/trusted.gpg.d", "/etc/pki/rpm-gpg", "/usr/lib/rpm/gnupg/keys",
        ]
        let own = try cluster.settings.host(cluster.installFolder.joined("custom/keys"))
        return (host + [own]).filter(\.exists)
    }

    /// Folders that hold copies of media, by the definitions.
    private static func copies(_ cluster: Cluster) throws -> [FilePath] {
        try cluster.store.rows("osdistro").flatMap { ($0["dirpaths"] ?? "").split(separator: ",") }
            .map { try cluster.settings.host(FilePath(String($0))) }
    }

    /// - Returns: false when the medium was copied before, and nothing is to be done.
    func run() throws -> Bool {
        if !words.contains("--unless-copied-to") { try announce() }
        let answer: Tool.Captured
        do {
            answer = try Step("media-copy", words).captured()
        } catch let error as StepError {
            // media-copy has said why.
            let status = error.status.map { "\($0)" } ?? "unknown"
            throw CommandFailure([Diagnostic("Media copy operation failed, status \(status)")])
        }
        let copies = try JSONText.decode(Answer.self, answer.output).copies
        if copies.first?.state == "present" {
            try Console.print("The disc iso has already been copied in!")
            return false
        }
        if words.contains("--unless-copied-to") { try announce() }
        try Console.print("Media copy operation successful")
        if let copy = copies.first { tell(copy) }
        return true
    }

    private func announce() throws { try Console.print("Copying media to \(destination.printable)") }

    private func tell(_ copy: Copy) {
        let key = copy.signature.fingerprint ?? "unknown"
        let lists = copy.checkedBy.joined(separator: ", ")
        let checked = lists.isEmpty ? "it has no checksums to check its files by" : "its files were checked by \(lists)"
        switch copy.signature.state {
        case "trusted":
            Console.note("The medium is signed by \(key), a key of \(copy.signature.keyring ?? "").")
        case "unknown-key":
            Console.warning("The medium is signed by \(key), a key that is not trusted here; \(checked).")
            let place = copy.signature.keyOnMedium.map { destination.joined($0).printable } ?? "FILE"
            Console.note(
                "hint: compare the fingerprint with the one its publisher gives, then: copycds --key \(place)")
        case "not-checked":
            Console.warning("The signature of the medium was not checked: gpgv is not installed; \(checked).")
        default: Console.note("The medium is not signed; \(checked).")
        }
    }

    private struct Answer: Decodable {
        var copies: [Copy]
    }

    private struct Copy: Decodable {
        struct Signature: Decodable {
            var state: String
            var fingerprint: String?
            var keyring: String?
            var keyOnMedium: String?
        }
        var state: String
        var checkedBy: [String]
        var signature: Signature
    }
}
