internal import Settings
internal import Support
internal import SystemPackage

/// Where files of the site really are: an administrator may have put folders elsewhere, and a root image has links of
/// its own.
enum RealPlace {
    /// On the host, without a symbolic link on the way; the file itself may be one.
    static func of(_ stored: FilePath, _ settings: Settings) throws -> FilePath {
        try folder(stored.removingLastComponent(), settings).joined(stored.lastName)
    }

    /// The same of a folder, whose own link is followed. What does not exist yet is appended as it is.
    /// - Throws: `FileError` for a link that leads nowhere.
    static func folder(_ stored: FilePath, _ settings: Settings) throws -> FilePath {
        // Beneath another root than the host's every link is resolved already.
        var existing = try settings.host(stored)
        guard settings.root.isHost else { return existing }
        var missing: [FilePath] = []
        while try existing.status() == nil, existing != "/", !existing.isEmpty {
            missing.append(existing.lastName)
            existing = existing.removingLastComponent()
        }
        return try missing.reversed().reduce(existing.resolved()) { $0.joined($1) }
    }
}

/// The same for many files of few folders, at one time: each folder is looked at once.
final class RealPlaces {
    private let settings: Settings
    private var folders: [FilePath: FilePath] = [:]

    init(_ settings: Settings) { self.settings = settings }

    func of(_ stored: FilePath) throws -> FilePath {
        try folder(stored.removingLastComponent()).joined(stored.lastName)
    }

    func folder(_ stored: FilePath) throws -> FilePath {
        if let known = folders[stored] { return known }
        let real = try RealPlace.folder(stored, settings)
        folders[stored] = real
        return real
    }
}
