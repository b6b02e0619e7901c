public import Support
public import SystemPackage
internal import KernelModules

/// A module as kmodule-list prints it.
public struct ListedModule: Encodable, Hashable, Sendable {
    /// `e1000.ko`, however it is compressed.
    public var name: String
    /// The kernel that it is for, as its path or itself says; empty when neither does.
    public var kernel: String
    /// Its own description on one line; empty when it has none.
    public var description: String
    /// The file that was named.
    public var source: JSONName
    /// Where it is in that, or in the package in that.
    public var path: JSONName

    /// All modules of a package, driver disk or folder, in the order in which they are found.
    public static func modules(in source: FilePath) throws -> [ListedModule] {
        var modules: [ListedModule] = []
        try DriverSource(source).visit { file, _, content in
            guard case .module(let kernel, _) = file.kind else { return }
            let facts = ModuleReader.facts(
                try ModuleReader.bytes(file.path, in: source, content), named: file.path)
            modules.append(
                ListedModule(
                    name: ModuleName.withoutSuffixes(file.path.lastName.printable) + ".ko",
                    kernel: kernel ?? facts?.kernel ?? "", description: oneLine(facts?.description ?? ""),
                    source: JSONName(source.bytes), path: JSONName(file.path.bytes)))
        }
        return modules
    }

    /// Descriptions are written by anybody: without control characters they stay one field of one line.
    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f } ? " " : $0 })
    }
}
