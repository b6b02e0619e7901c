internal import Support
public import SystemPackage

/// Kernel modules of one kernel: what can be loaded, and what is built in.
public struct ModuleIndex: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        /// Paths below the kernel's folder: the module's, and those of all that it needs.
        var file: String
        var needed: [String]
    }

    /// By name with `_` for `-`, without suffix.
    private let loadable: [String: Entry]
    private let builtIn: Set<String>

    /// Reads `modules.dep` and `modules.builtin` in `folder`, the kernel's own below `lib/modules`.
    ///
    /// - Returns: nil when depmod was not run there.
    public init?(folder: FilePath) throws {
        let index = folder.joined("modules.dep")
        guard index.isRegularFile else { return nil }
        loadable = Self.entries(try index.readText(limit: 64 << 20))
        let builtIn = folder.joined("modules.builtin")
        let lines = builtIn.isRegularFile ? try builtIn.readText(limit: 64 << 20).split(separator: "\n") : []
        self.builtIn = Set(lines.map { Self.name($0) })
    }

    private static func entries(_ text: String) -> [String: Entry] {
        var entries: [String: Entry] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let needed = parts.dropFirst().flatMap { $0.split(separator: " ").map(String.init) }
            entries[name(parts[0])] = Entry(file: String(parts[0]), needed: needed)
        }
        return entries
    }

    private static func name(_ path: Substring) -> String {
        ModuleName.normalised(String(path.split(separator: "/").last ?? ""))
    }

    /// Names of all modules that can be loaded.
    public var names: Set<String> { Set(loadable.keys) }

    public func isLoadable(_ name: String) -> Bool { loadable[ModuleName.normalised(name)] != nil }
    public func isKnown(_ name: String) -> Bool { isLoadable(name) || builtIn.contains(ModuleName.normalised(name)) }

    /// Files of the modules of these names and of all that they need, below the kernel's folder; names that are not loadable count
    /// for nothing.
    public func files(of names: some Sequence<String>) -> Set<String> {
        var files: Set<String> = []
        for name in names {
            guard let entry = loadable[ModuleName.normalised(name)] else { continue }
            // modules.dep lists what is needed all the way down.
            files.insert(entry.file)
            files.formUnion(entry.needed)
        }
        return files
    }
}
