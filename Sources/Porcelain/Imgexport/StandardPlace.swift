internal import Settings
internal import Support
internal import SystemPackage

/// Where shipped files go when an image takes them along: from xCAT's data folder, or ours, into the site's.
struct StandardPlace {
    private let custom: FilePath
    private let shipped: [FilePath]

    init(_ installFolder: FilePath, _ settings: Settings) {
        custom = installFolder.joined("custom")
        shipped = [FilePath("/opt/xcat/share/xcat"), settings.dataFolder]
    }

    /// `<installdir>/custom/<install|netboot>/<platform>/…` for a shipped file, else the path itself.
    func standard(_ path: FilePath) -> FilePath {
        for folder in shipped where path.starts(with: folder) && path != folder {
            var rest = path
            if rest.removePrefix(folder) { return custom.joined(rest) }
        }
        return path
    }
}
