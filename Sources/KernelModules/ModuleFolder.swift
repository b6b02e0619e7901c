internal import Support
public import SystemPackage

/// The folder of one kernel's modules: `lib/modules/VERSION`.
public struct ModuleFolder: Sendable {
    public let path: FilePath
    /// Files of each name, relative to `path`, sorted by bytes; links count, folders do not.
    private let files: [String: [FilePath]]

    public init(_ path: FilePath) throws {
        var files: [String: [FilePath]] = [:]
        try TreeWalk(path).run { entry in
            if entry.status.kind != .directory, ModuleName.isModule(entry.path) {
                files[ModuleName.normalised(entry.name.printable), default: []].append(entry.path)
            }
            return .enter
        }
        (self.path, self.files) = (path, files)
    }

    /// Names with `_` for `-`, without suffix.
    public var names: Set<String> { Set(files.keys) }

    /// Where a driver goes, relative to `path`: where a file of its name is, else where its package has it; under its own file
    /// name, which tells how it is compressed.
    public func place(of module: DriverFolder.Module) -> FilePath {
        files[module.name]?.first.map { $0.removingLastComponent().joined(module.path.lastName) } ?? module.path
    }

    /// Other files of its name, which have to go: depmod would take either.
    public func superseded(by module: DriverFolder.Module) -> [FilePath] {
        let place = place(of: module)
        return (files[module.name] ?? []).filter { $0 != place }
    }
}
