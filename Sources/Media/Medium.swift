internal import Support
public import SystemPackage

/// An install medium: an ISO 9660 image, a drive that holds one, or a folder.
public struct Medium {
    let source: any MediumSource
    let catalog: MediumCatalog
    let facts: MediumFacts

    /// Reads all names of the medium.
    /// - Throws: `MediumError`, `FileError`.
    public init(_ path: FilePath) throws {
        guard let status = try path.targetStatus() else {
            throw FileError("open", path, .noSuchFileOrDirectory)
        }
        switch status.kind {
        case .directory: source = MediumFolder(path)
        case .regular, .blockDevice: source = try ISOImage(path)
        default: throw MediumError.notReadable(path)
        }
        catalog = try MediumCatalog(source)
        facts = MediumFacts(catalog)
    }

    /// What the medium is, in view of what the user says about it.
    /// - Returns: nil when no family knows it.
    /// - Throws: `RecognitionRefusal`.
    public func identify(_ claim: Claim = Claim()) throws(RecognitionRefusal) -> Recognised? {
        try Recognition.identify(facts, claim)
    }

    /// Whether a folder could be a medium at all: a look at the files that every family has, without a walk.
    public static func looksLikeMedium(_ folder: FilePath) -> Bool {
        [".disk/info", ".discinfo", ".treeinfo", "content", "media.1/media"].contains {
            folder.joined($0).isRegularFile
        }
    }
}

extension MediumFacts {
    init(_ catalog: MediumCatalog) {
        func text(_ path: String) -> String? {
            guard case .path(let resolved) = catalog.resolve(FilePath(path)) else { return nil }
            return catalog.texts[resolved].map { String(decoding: $0, as: UTF8.self) }
        }
        var folders: [FilePath: [String]] = [:]
        for entry in catalog.entries {
            let parent = entry.path.removingLastComponent()
            // Only the few folders that recognition lists.
            guard parent.components.count <= 1 else { continue }
            folders[parent, default: []].append(entry.path.lastName.printable)
        }
        self.init(
            text: text, has: { catalog[FilePath($0)] != nil },
            names: { [folders] in folders[FilePath($0)] ?? [] })
    }
}
