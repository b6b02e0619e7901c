internal import Profiles
internal import Support
internal import SystemPackage

/// The database of the packages of a tree, wherever and in whichever of rpm's formats it is.
struct RpmDatabase {
    /// Where distributions have it: the newer place first, to which the older one is then a link.
    private static let places: [FilePath] = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"]
    /// Files by which a format is known: SQLite, ndb, Berkeley DB.
    static let files: [FilePath] = ["rpmdb.sqlite", "Packages.db", "Packages"]

    /// As stored in the image, e.g. `/var/lib/rpm`.
    let place: FilePath
    /// On the host.
    let folder: FilePath
    let file: FilePath

    /// nil when the tree has none.
    init?(tree: FilePath) throws(FileError) {
        let root = RootFolder(tree)
        for place in Self.places {
            let folder = try root.host(place)
            guard let file = Self.files.first(where: { folder.joined($0).isRegularFile }) else { continue }
            (self.place, self.folder, self.file) = (place, folder, file)
            return
        }
        return nil
    }

    /// Where the database of a new tree belongs.
    static func place(of family: PackageFamily) -> FilePath {
        let (base, major, _) = family.name.parts
        let number = Int(major) ?? 0
        let isNew =
            switch base.lowercased() {
            case "fedora": number >= 36
            case "sle", "sles", "leap", "opensuse": number >= 15
            default: number >= 10
            }
        return places[isNew ? 0 : 1]
    }

    static let format = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\n"

    /// What is installed, in the order of the database. Keys that were imported count as no packages.
    func packages() throws -> [RpmPackage] { Self.parse(try query(Self.format)) }

    func dependencies() throws -> RpmDependencies { RpmDependencies(try query(RpmDependencies.format).text) }

    /// `rpm -qa` with a format, on a copy: opening the original would leave files of SQLite's beside it.
    private func query(_ format: String) throws -> Tool.Captured {
        let copy = try TemporaryFolder("catboat-rpm")
        try Self.copyFiles(folder, to: copy.path)
        let captured = try Tool(
            "rpm", ["--dbpath", Word(copy.path), "--nodigest", "--nosignature", "-qa", "--qf", Word(format)]
        ).capture(limit: 1 << 30)
        guard captured.ending.isSuccess, captured.errors.isEmpty else {
            throw RpmDatabaseError.unreadable(folder, ToolError.lastLines(of: captured.errors))
        }
        return captured
    }

    /// The files of a folder, without those that begin with a dot.
    static func copyFiles(_ source: FilePath, to target: FilePath) throws {
        try target.createDirectories()
        let files = try source.directoryNames().filter { name in
            source.joined(name).isRegularFile && name.bytes.first != UInt8(ascii: ".")
        }
        guard !files.isEmpty else { return }
        let words = files.map { Word(source.joined($0)) }
        _ = try Tool("cp", ["--reflink=auto", "-t", Word(target), "--"] + words).output()
    }

    static func parse(_ captured: Tool.Captured) -> [RpmPackage] {
        captured.lines.compactMap { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3, fields[0] != "gpg-pubkey" else { return nil }
            return RpmPackage(name: fields[0], version: fields[1], architecture: fields[2])
        }
    }
}

enum RpmDatabaseError: Diagnosable, Equatable {
    case unreadable(FilePath, String)
    case differs([String])
    case damaged(FilePath)

    var diagnostic: Diagnostic {
        switch self {
        case .unreadable(let folder, let reason):
            Diagnostic(
                "cannot read the package database", subject: folder.printable,
                remedy: (reason.isEmpty ? "" : reason + "\n")
                    + "use an rpm that knows its format, or build the image anew with genimage --fresh")
        case .differs(let names):
            Diagnostic(
                "the image's own rpm does not see all packages", subject: names.prefix(10).joined(separator: " "),
                remedy: "its rpm is too old for this machine's: build the image on a machine of its own distribution")
        case .damaged(let file):
            Diagnostic(
                "exported package database is damaged", subject: file.printable, remedy: "run genimage --fresh")
        }
    }
}
