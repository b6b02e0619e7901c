internal import Profiles
internal import Sandbox
internal import Support
internal import SystemPackage

/// Whose packages are trusted, and the check of that before anything is installed.
///
/// Packages of a copied medium may be signed with a key that lies at its top (`RPM-GPG-KEY*`): the administrator has copied the
/// medium, its keys with it. Keys of the site are trusted for all packages. Without any signature packages of a folder are trusted as
/// the folder is; those of a URL are refused. No key gets into the key ring of this machine or of the image.
struct RpmKeys: Sendable {
    private let site: [FilePath]
    private let media: [FilePath]

    init(site: [FilePath], media: [FilePath]) { (self.site, self.media) = (site, media) }

    private func siteFiles() throws -> [FilePath] {
        try site.flatMap { keyring in
            keyring.isDirectory ? try keyring.directoryNames().map { keyring.joined($0) } : [keyring]
        }.filter(\.isRegularFile)
    }

    private func mediumFiles(_ top: FilePath) throws -> [FilePath] {
        try top.directoryNames().filter { name in
            name.bytes.starts(with: "RPM-GPG-KEY".utf8) || name.bytes.starts(with: "gpg-pubkey-".utf8)
        }.map { top.joined($0) }.filter(\.isRegularFile)
    }

    /// - Throws: `RpmSignatureError` for the first package that is not to be trusted.
    func check(_ installations: [RpmOutcome.Installation], _ workspace: RpmWorkspace, _ lock: borrowing ImageLock)
        throws
    {
        var signed: [FilePath: [RpmOutcome.Installation]] = [:]
        for installation in installations {
            let file = FilePath(installation.file)
            guard let isSigned = try Self.isSigned(file) else {
                throw RpmSignatureError.notPackage(installation.package.label, installation.repository)
            }
            if isSigned {
                signed[media.first { file.starts(with: $0) } ?? "", default: []].append(installation)
            } else if installation.isFromURL {
                throw RpmSignatureError.unsigned(installation.package.label, installation.repository)
            }
        }
        for (top, packages) in signed.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }) {
            let keys = try siteFiles() + (top.isEmpty ? [] : mediumFiles(top))
            try verify(packages, keys, workspace, lock)
        }
    }

    private static func isSigned(_ file: FilePath) throws -> Bool? {
        let descriptor = try FileError.wrap("open package", file) {
            try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
        }
        defer { try? descriptor.close() }
        var head = [UInt8](repeating: 0, count: 64 << 10)
        let count = try FileError.wrap("read", file) {
            try head.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: 0, into: $0) }
        }
        return RpmHeader.isSigned(Array(head[..<count]))
    }

    private func verify(
        _ packages: [RpmOutcome.Installation], _ keys: [FilePath], _ workspace: RpmWorkspace,
        _ lock: borrowing ImageLock
    ) throws {
        let ring = workspace.folder.joined("keyring")
        try ring.removeTree()
        try ring.createDirectories()
        let seen = RpmWorkspace.place.joined("keyring")
        let sandbox = workspace.sandbox(workspace.emptyTree)
        let tool: [Word] = ["rpmkeys", "--dbpath", Word(seen)]
        for (number, key) in keys.enumerated() {
            let name = "\(number).asc"
            try AtomicFile.write(ArmoredKeys.encode(key.readBytes(limit: 16 << 20)), to: ring.joined(name))
            // A file that is no key is passed over, as it is with apt.
            _ = try sandbox.capture(tool + ["--import", Word(seen.joined(name))], holding: lock)
        }
        // The payload is compared with its digest, which the signature covers, when the package is unpacked.
        let captured = try sandbox.capture(
            tool + ["--checksig", "--verbose", "--nodigest", "--"] + packages.map { Word($0.file) }, holding: lock)
        try Self.judge(captured.text, packages)
    }

    /// Reads what `rpmkeys --checksig --verbose` says: a line with the file's name, then lines such as
    /// `Header V4 RSA/SHA256 Signature, key ID 2f86d6a1: OK`.
    static func judge(_ text: String, _ packages: [RpmOutcome.Installation]) throws(RpmSignatureError) {
        var verdicts: [String: [(key: String, verdict: String)]] = [:]
        var file = ""
        for line in text.split(separator: "\n") {
            if !line.hasPrefix(" "), line.hasSuffix(":") {
                file = String(line.dropLast())
            } else if let mark = line.firstRange(of: "ignature, key ID ") {
                let parts = line[mark.upperBound...].split(separator: ": ", maxSplits: 1).map(String.init)
                if parts.count == 2 { verdicts[file, default: []].append((parts[0], parts[1])) }
            }
        }
        for package in packages {
            let found = verdicts[package.file] ?? []
            if found.contains(where: { $0.verdict.hasPrefix("BAD") }) || found.isEmpty {
                throw .bad(package.package.label, package.repository)
            }
            if let other = found.first(where: { !$0.verdict.hasPrefix("OK") }) {
                throw .untrusted(package.package.label, package.repository, key: other.key)
            }
        }
    }
}

enum RpmSignatureError: Diagnosable, Equatable {
    case notPackage(String, String)
    case unsigned(String, String)
    case bad(String, String)
    case untrusted(String, String, key: String)

    var diagnostic: Diagnostic {
        switch self {
        case .notPackage(let name, let place):
            Diagnostic(
                "file of package \(name) is damaged", subject: place, remedy: "copy the medium again with copycds")
        case .unsigned(let name, let place):
            Diagnostic(
                "package \(name) is not signed", subject: place,
                remedy: "use a repository with signed packages, or copy its packages to a folder of otherpkgdir")
        case .bad(let name, let place):
            Diagnostic(
                "signature of package \(name) is wrong", subject: place,
                remedy: "the package was changed: copy the medium again, or get the package again")
        case .untrusted(let name, let place, let key):
            Diagnostic(
                "package \(name) is signed by a key that is not trusted (\(key))", subject: place,
                remedy: "check that key and trust it with copycds --key FILE")
        }
    }
}

/// A package that is not trusted, and the lists that bring it.
struct RpmRefusal: Diagnosable, Equatable {
    private let error: RpmSignatureError
    private let origins: [String]

    init(_ error: RpmSignatureError, _ workspace: RpmWorkspace) {
        self.error = error
        let requests = workspace.requests(in: error.diagnostic.problem)
        let lists = workspace.settings.requests.map { $0.file.printable }
        origins =
            requests.isEmpty
            ? Set(lists).sorted().map { "needed for what \($0) asks for" }
            : requests.map { "asked for in \($0.origin)" }
    }

    var diagnostic: Diagnostic {
        var diagnostic = error.diagnostic
        diagnostic.remedy = ([diagnostic.remedy ?? ""] + origins).joined(separator: "\n")
        return diagnostic
    }
}
