internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Resolution
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

struct CloneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clone", abstract: "Make a new osimage like another one, with its lists and its root image.")

    @Option(help: "Profile of the new osimage.") var profile: String?
    @Flag(help: "Copy the definition and the lists, not the root image.") var noTree = false
    @OptionGroup var programs: ProgramOutput
    @Argument(help: "The osimage.", completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var osimage: String
    @Argument(help: "Name of the new one.") var new: String
    @Argument(
        help: "Attributes that are other than the original's, as ATTR=VALUE.",
        completion: .custom { _, _, prefix in AttributeNames.starting(with: prefix, type: "osimage") })
    var attribute: [String] = []

    func validate() throws {
        for word in attribute where !word.contains("=") || word.hasPrefix("=") {
            throw ValidationError("not ATTR=VALUE: '\(word)'")
        }
    }

    func run() throws {
        let cluster = try Cluster.open()
        let plan = try ClonePlan(self, cluster)
        let isCurrent = try plan.tree != nil && BuiltImages.all([osimage], cluster)[osimage]?.treeIsCurrent == true
        try Step("image-copy", plan.words, input: plan.batch.bytes).passedOn()
        let recipe = try RecipeCommit(
            Step("profile-commit", ["-m", Word("cloned from \(osimage)"), Word(new)]).answer())
        // The copied tree is what genimage would make of the new recipe: under other names the lists are the same.
        if let tree = plan.tree, isCurrent, plan.keepsRecipe {
            let words: [Word] = ["--stage", "adopt", "--recipe", Word(recipe.name), Word(tree.new)]
            _ = try Step("rootimg-finish", words).answer()
        }
        if programs.isWanted { return try printRecords(plan, recipe) }
        for (old, copy) in plan.files { try Console.print("file \(old.printable) -> \(copy.printable)") }
        if let folder = plan.rootimgdir { try Console.print("root image \(folder.printable)") }
        try Console.print("\(new) is defined.")
        guard plan.rootimgdir != nil else { return }
        let next =
            plan.tree == nil ? "genimage \(new) builds its root image" : "catboat status \(new) says what is next"
        Console.note("hint: \(next)")
    }
}

extension CloneCommand {
    private struct Record: Encodable {
        struct File: Encodable {
            var original: JSONName
            var copy: JSONName
        }
        var name: String
        /// Of the recipe.
        var commit: String
        var files: [File]
        var rootimgdir: JSONName?
        var hasTree: Bool
    }

    private func printRecords(_ plan: ClonePlan, _ recipe: RecipeCommit) throws {
        let record = Record(
            name: new, commit: recipe.name,
            files: plan.files.map { Record.File(original: JSONName($0.old.bytes), copy: JSONName($0.new.bytes)) },
            rootimgdir: plan.rootimgdir.map { JSONName($0.bytes) }, hasTree: plan.tree != nil)
        if programs.json { return try Console.write(JSONText.document("osimages", [record])) }
        var lines = record.files.map { "file\t\($0.original.shown)\t\($0.copy.shown)" }
        if let folder = record.rootimgdir { lines.append("\(record.hasTree ? "tree" : "folder")\t\(folder.shown)") }
        lines += ["osimage\t\(new)\t\(recipe.name)"]
        for line in lines { try Console.print(line) }
    }
}

/// What clone copies and writes, checked before anything is.
struct ClonePlan {
    /// Copies of lists and scripts, as stored: old and new.
    private(set) var files: [(old: FilePath, new: FilePath)] = []
    /// The new rootimgdir as stored; nil for an image that has none.
    private(set) var rootimgdir: FilePath?
    /// Folders of the host: the old rootimgdir and the new one; nil when no tree is copied.
    private(set) var tree: (old: FilePath, new: FilePath)?
    private(set) var batch = TableBatch()

    private let command: CloneCommand
    private let cluster: Cluster
    private let source: Osimage
    private var attributes: [String: String]
    private let given: [String: String]

    init(_ command: CloneCommand, _ cluster: Cluster) throws {
        self.command = command
        self.cluster = cluster
        source = try cluster.osimage(command.osimage)
        let type = try ObjectType.named("osimage")
        if let problem = ObjectNameRule.problem(command.new, type) { throw CommandFailure([problem]) }
        if try cluster.exists(type, command.new) {
            throw CommandFailure([
                Diagnostic("osimage exists", subject: command.new, remedy: "choose another name, or rmdef it first")
            ])
        }
        var given: [String: String] = [:]
        for word in command.attribute {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard type.has(parts[0]) else {
                throw CommandFailure([DefinitionProblem.unknownAttribute(parts[0], "osimage").diagnostic])
            }
            given[parts[0]] = parts[1]
        }
        if let profile = command.profile { given["profile"] = profile }
        self.given = given
        attributes = source.attributes.merging(given) { $1 }
        try placeRootImage()
        try copyLists()
        try copyHooks()
        try write(type)
    }

    /// Whether what was given names nothing that another root image would be made of.
    var keepsRecipe: Bool {
        given.keys.allSatisfy { ["profile", "rootimgdir"].contains($0) || BuildNeed(ofAttribute: $0) != .genimage }
    }

    // MARK: - Root image

    private mutating func placeRootImage() throws {
        guard source.isDiskless, let old = try source.rootimgdir(cluster) else { return }
        let new = given["rootimgdir"].map { FilePath($0) } ?? beside(old)
        attributes["rootimgdir"] = new.printable
        rootimgdir = new
        let folders = (old: try cluster.settings.host(old), new: try cluster.settings.host(new))
        if folders.new.exists {
            throw CommandFailure([
                Diagnostic(
                    "folder of the new root image exists", subject: new.printable,
                    remedy: "remove it, or give another one with rootimgdir=DIR")
            ])
        }
        if !command.noTree, folders.old.joined("rootimg").isDirectory { tree = folders }
    }

    /// A folder is usually named after its profile: the new one after the new profile, when it has one.
    private func beside(_ folder: FilePath) -> FilePath {
        let isOwnProfile = command.profile != nil && folder.lastName.printable == source.profile
        return folder.removingLastComponent().joined(isOwnProfile ? command.profile ?? "" : command.new)
    }

    // MARK: - Lists

    /// Lists and scripts of the site get copies, so that a change of the one image is none of the other. Shipped ones stay.
    private mutating func copyLists() throws {
        for attribute in ["pkglist", "otherpkglist", "exlist", "template", "postinstall", "synclists", "partitionfile"]
        where given[attribute] == nil {
            guard let value = source[attribute] else { continue }
            let entries = try value.split(separator: ",").map { entry in
                let words = entry.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
                guard let word = words.first else { return String(entry) }
                // partitionfile tells with `s:` that a file is a script.
                let tag = word.prefix { $0 != "/" }
                guard tag.isEmpty || tag.hasSuffix(":") else { return String(entry) }
                let copy = try copied(FilePath(String(word.dropFirst(tag.count)))).printable
                return ([tag + copy] + words.dropFirst().map(String.init)).joined(separator: " ")
            }
            attributes[attribute] = entries.joined(separator: ",")
        }
    }

    /// Hooks of the image, and links to /dev/null that mask those of the site.
    private mutating func copyHooks() throws {
        let hooks = try cluster.installFolder.joined("custom/hooks/osimage")
        let host = try cluster.settings.host(hooks.joined(source.name))
        guard host.isDirectory else { return }
        try TreeWalk(host).run { entry in
            if entry.status.kind != .directory {
                let old = hooks.joined(source.name).joined(entry.path)
                files.append((old, hooks.joined(command.new).joined(entry.path)))
            }
            return .enter
        }
    }

    private mutating func copied(_ file: FilePath) throws -> FilePath {
        if let known = files.first(where: { $0.old == file }) { return known.new }
        let custom = try cluster.installFolder.joined("custom")
        guard file.starts(with: custom), try cluster.settings.host(file).isRegularFile else { return file }
        let target = file.removingLastComponent().joined(newName(file.lastName.printable))
        if try cluster.settings.host(target).exists || files.contains(where: { $0.new == target }) {
            throw CommandFailure([
                Diagnostic(
                    "file of the new osimage exists", subject: target.printable,
                    remedy: "remove it, or name the file to use with ATTR=FILE")
            ])
        }
        files.append((file, target))
        return target
    }

    /// `compute.pkglist` of profile compute becomes `PROFILE.pkglist`, or `NEW.pkglist` without a new profile.
    private func newName(_ name: String) -> String {
        let word = command.profile ?? command.new
        for known in [source.name, source.profile ?? ""] where !known.isEmpty && name.hasPrefix(known + ".") {
            return word + name.dropFirst(known.count)
        }
        return "\(word).\(name)"
    }

    // MARK: - Definition

    private mutating func write(_ type: ObjectType) throws {
        var rows: [(place: ObjectType.Place, cells: [Cell])] = []
        for attribute in type.attributes {
            guard let value = attributes[attribute], !value.isEmpty, attribute != "imagename" else { continue }
            let place = type.places[attribute]?.first { place in
                place.condition.map { $0.holds(for: attributes[$0.attribute]) } ?? true
            }
            guard let place else { continue }
            if let index = rows.firstIndex(where: { $0.place.table == place.table }) {
                rows[index].cells.append(Cell(place.column, value))
            } else {
                rows.append((place, [Cell(place.column, value)]))
            }
        }
        batch.append(.absent(type.table, matches: [Cell(type.keyColumn, command.new)]))
        for (place, cells) in rows {
            batch.append(.set(place.table, matches: [Cell(place.keyColumn, command.new)], values: cells))
        }
    }

    /// The command line of image-copy, which runs table-set when all copies are in place.
    var words: [Word] {
        get throws {
            var words: [Word] = tree.map { ["--tree", Word($0.old), "--to", Word($0.new)] } ?? []
            for (old, new) in files {
                words += try [
                    "--file", Word(cluster.settings.host(hook: old)), "--as", Word(cluster.settings.host(new)),
                ]
            }
            return words + ["--", Word(cluster.settings.execPath.joined("catboat")), "table-set", "--stdin"]
        }
    }
}
