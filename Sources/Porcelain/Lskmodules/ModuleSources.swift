internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

/// The files that lskmodules reads for what its command line names.
struct ModuleSources {
    /// On the host, each once.
    private(set) var files: [FilePath] = []
    /// What was looked for and not found.
    private var empty: [String] = []
    private let cluster: Cluster

    /// - Throws: `CommandFailure` for names that are not defined.
    init(
        osimages: [String], kitComponents: [String], distributions: [String], updates: [String], _ cluster: Cluster
    ) throws {
        self.cluster = cluster
        for name in osimages {
            guard let image = try cluster.findOsimage(name) else { throw Self.missing("osimage", name) }
            let sources = try image.driverUpdateSources.map { try cluster.settings.host($0.path) }
            add(sources, else: "driverupdatesrc of osimage \(name)")
        }
        for name in kitComponents { try addKitComponent(name) }
        for name in distributions { try addDistribution(name) }
        for name in updates {
            guard let row = try cluster.store.row("osdistroupdate", ["osupdatename": name]) else {
                throw Self.missing("osdistroupdate", name)
            }
            let folders = Self.list(row["dirpath"])
            add(try kernels(in: folders), else: "kernel packages in dirpath of osdistroupdate \(name)")
        }
    }

    /// What to look at when nothing was found.
    var remedy: String? { empty.isEmpty ? nil : "look at \(empty.joined(separator: "; "))" }

    private mutating func add(_ found: [FilePath], else what: String) {
        if found.isEmpty { empty.append(what) }
        for file in found where !files.contains(file) { files.append(file) }
    }

    private mutating func addKitComponent(_ name: String) throws {
        guard let row = try cluster.store.row("kitcomponent", ["kitcompname": name]) else {
            throw Self.missing("kitcomponent", name)
        }
        let repository = try row["kitreponame"].flatMap { try cluster.store.row("kitrepo", ["kitreponame": $0]) }
        let folder = FilePath(repository?["kitrepodir"] ?? "/")
        let packages = Self.list(row["driverpacks"]).map { $0.hasPrefix("/") ? FilePath($0) : folder.joined($0) }
        add(try packages.map { try cluster.settings.host($0) }, else: "driverpacks of kitcomponent \(name)")
    }

    private mutating func addDistribution(_ name: String) throws {
        guard let row = try cluster.store.row("osdistro", ["osdistroname": name]) else {
            throw Self.missing("osdistro", name)
        }
        var folders = Self.list(row["dirpaths"])
        if folders.isEmpty, let arch = row["arch"] {
            let version = name.hasSuffix("-\(arch)") ? String(name.dropLast(arch.count + 1)) : name
            folders = ["\(try cluster.installFolder)/\(version)/\(arch)"]
        }
        add(try kernels(in: folders), else: "kernel packages in \(folders.joined(separator: ","))")
    }

    private func kernels(in folders: [String]) throws -> [FilePath] {
        try folders.flatMap { try KernelPackages(in: try cluster.settings.host(FilePath($0))).files }
    }

    private static func list(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty }
    }

    private static func missing(_ type: String, _ name: String) -> CommandFailure {
        CommandFailure([DefinitionProblem.missing(name, type).diagnostic])
    }
}
