internal import CommandShell
internal import Definitions
internal import History
internal import Profiles
internal import Resolution
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

/// Gathers an image's recipe: its stanza, and the files that its attributes, its hooks and their includes name.
struct RecipeSource {
    private let image: String
    private let cluster: Cluster
    private let definition: Definition
    private let attributes: [String: String]
    private let installFolder: FilePath

    init(_ image: String, _ cluster: Cluster) throws {
        guard let definition = try cluster.definition("osimage", image) else {
            throw CommandFailure([DefinitionError.noSuchObject("osimage", image).diagnostic], status: 1)
        }
        self.image = image
        self.cluster = cluster
        self.definition = definition
        // What the definition of a diskless image does not say, genimage and packimage do not use.
        let isDiskless = try cluster.findOsimage(image)?.isDiskless ?? false
        attributes = try ResolvedDefinition(definition, cluster, fillsDefaults: !isDiskless).attributes
        installFolder = try cluster.installFolder
    }

    func recipe() throws -> Recipe { try gathered().recipe }

    /// The recipe, and who takes up a change of each of its files, by the names of `ImageSnapshot.files`.
    func gathered() throws -> (recipe: Recipe, needs: [FilePath: [BuildNeed]]) {
        let custom = installFolder.joined("custom")
        let reader = RecipeReader(
            custom: custom, roots: [cluster.settings.root.path, cluster.settings.dataFolder.absolute])
        var files: [FilePath: Recipe.File] = [:]
        var needs: [FilePath: [BuildNeed]] = [:]
        func read(
            _ path: FilePath, _ need: BuildNeed?, digestOnly: String? = nil, isHook: Bool = false
        ) throws -> Recipe.File {
            let file =
                try files[path]
                ?? reader.read(
                    RecipeReader.Reference(
                        path: path, host: try isHook ? cluster.settings.host(hook: path) : cluster.settings.host(path),
                        digestOnly: digestOnly, mayMask: isHook))
            files[path] = file
            if let need { needs[file.customPath ?? path, default: []].append(need) }
            return file
        }
        for attribute in listAttributes {
            let need = BuildNeed(ofAttribute: attribute)
            for list in paths(attribute) { try readList(list) { try read($0, need) } }
        }
        for path in builtFiles { _ = try read(path, .genimage) }
        for path in postscripts { _ = try read(path, .packimage) }
        for path in try hookFiles(custom) { _ = try read(path, nil, isHook: true) }
        for list in paths("synclists") {
            guard case .kept(let bytes, _) = files[list]?.content else { continue }
            for source in SyncSources(bytes).paths {
                _ = try read(source, .packimage, digestOnly: "source of a synclist")
            }
        }
        for path in try Osimage(image, attributes: attributes).driverUpdates(cluster) {
            _ = try read(path, .genimage, digestOnly: "driver update")
        }
        let secrets = KeptStanza.secrets(in: definition.attributes)
        let stanza = KeptStanza.text(image, type: "osimage", definition.attributes, leftOut: secrets)
        return (try Recipe(image: image, stanza: stanza, files: Array(files.values), secrets: secrets), needs)
    }

    // MARK: - What the attributes name

    private let listAttributes = ["pkglist", "otherpkglist", "exlist", "template", "synclists"]

    /// The absolute paths of an attribute, a comma list.
    private func paths(_ attribute: String) -> [FilePath] {
        (attributes[attribute] ?? "").split(separator: ",").compactMap { item in
            Self.absolute(String(item.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()))
        }
    }

    /// Scripts and single files: postinstall, partitionfile.
    private var builtFiles: [FilePath] {
        var result: [FilePath] = []
        for item in (attributes["postinstall"] ?? "").split(separator: ",") {
            // A script may be followed by arguments of the site.
            if let path = item.split(whereSeparator: \.isWhitespace).first.flatMap({ Self.absolute(String($0)) }) {
                result.append(path)
            }
        }
        for item in (attributes["partitionfile"] ?? "").split(separator: ",") {
            if let path = Self.absolute(String(item.drop { $0 != "/" })) { result.append(path) }
        }
        return result
    }

    /// The image's postscripts, which packimage puts into the image.
    private var postscripts: [FilePath] {
        var result: [FilePath] = []
        for attribute in ["postscripts", "postbootscripts"] {
            for item in (attributes[attribute] ?? "").split(separator: ",") {
                guard let name = item.split(whereSeparator: \.isWhitespace).first, !name.contains("/"), name != "..",
                    name != "."
                else { continue }
                result.append(installFolder.joined("postscripts").joined(String(name)))
            }
        }
        return result
    }

    private static func absolute(_ text: String) -> FilePath? {
        text.hasPrefix("/") && !text.contains("\0") ? FilePath(text) : nil
    }

    /// Hooks of the site and of this image, the links that mask them, and the site's configuration, which may name more.
    private func hookFiles(_ custom: FilePath) throws -> [FilePath] {
        var result = [custom.joined("config")].filter { (try? cluster.settings.host($0))?.isRegularFile == true }
        func add(_ folder: FilePath, depth: Int) throws {
            let host = try cluster.settings.host(folder)
            guard host.isDirectory else { return }
            for name in try host.directoryNames() where !(depth == 0 && name == "osimage") {
                let path = folder.joined(name)
                guard let status = try host.joined(name).status() else { continue }
                if status.kind == .directory, depth < 2 { try add(path, depth: depth + 1) }
                if host.joined(name).isNullLink {
                    result.append(path)
                } else if try cluster.settings.host(path).isRegularFile {
                    result.append(path)
                }
            }
        }
        try add(custom.joined("hooks"), depth: 0)
        try add(custom.joined("hooks/osimage").joined(image), depth: 1)
        return result
    }

    // MARK: - Includes

    /// Reads a list and what it includes; a relative name is relative to the folder of the list itself.
    private func readList(_ list: FilePath, read: (FilePath) throws -> Recipe.File) throws {
        var pending = [list]
        var seen: Set<FilePath> = []
        while let path = pending.popLast() {
            guard seen.insert(path).inserted, case .kept(let bytes, _) = try read(path).content else { continue }
            pending += ListIncludes(bytes, variables: attributes["environvar"] ?? "").paths(
                from: list.removingLastComponent())
        }
    }
}

/// The source files that a synclist names literally; patterns are not followed.
struct SyncSources {
    let paths: [FilePath]

    init(_ bytes: [UInt8]) {
        paths = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).flatMap {
            line -> [FilePath] in
            guard line.first != "#", let arrow = line.firstRange(of: "->") else { return [] }
            return line[..<arrow.lowerBound].split(whereSeparator: \.isWhitespace).compactMap { word in
                guard word.hasPrefix("/"), !word.contains(where: { "*?[".contains($0) }) else { return nil }
                return FilePath(String(word))
            }
        }
    }
}
