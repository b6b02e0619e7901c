internal import History
internal import Hooks
internal import Resolution
internal import Settings
internal import Support
internal import SystemPackage

/// Which command takes up each change of an image's recipe.
struct RecipeNeeds {
    private let ofFiles: [FilePath: [BuildNeed]]
    private let old: ImageSnapshot
    private let new: ImageSnapshot

    /// - Parameter ofFiles: what `RecipeSource` found for the files that the image has now.
    init(_ old: ImageSnapshot, _ new: ImageSnapshot, ofFiles: [FilePath: [BuildNeed]]) {
        (self.old, self.new, self.ofFiles) = (old, new, ofFiles)
    }

    /// nil when what was built stays right.
    func need(of change: ImageComparison.Change) throws -> BuildNeed? {
        switch change.level {
        case .attribute: BuildNeed(ofAttribute: String(decoding: change.name, as: UTF8.self))
        case .file: try need(ofFile: FilePath(bytes: change.name))
        default: nil
        }
    }

    private func need(ofFile path: FilePath) throws -> BuildNeed? {
        if path == "config" { return try needOfConfiguration() }
        if path.starts(with: "hooks") { return Self.need(ofHook: path) }
        // A file that is gone was named by an attribute or a list that changed too.
        return BuildNeed.first(of: ofFiles[path] ?? [])
    }

    /// `hooks/EVENT`, `hooks/EVENT.d/NAME` or `hooks/osimage/IMAGE/EVENT.d/NAME`.
    private static func need(ofHook path: FilePath) -> BuildNeed? {
        let parts = path.components.map(\.string)
        let place = parts.count > 3 && parts[1] == "osimage" ? 3 : 1
        guard parts.count > place else { return nil }
        let name = parts[place].hasSuffix(".d") ? String(parts[place].dropLast(2)) : parts[place]
        return need(ofEvent: name)
    }

    private static func need(ofEvent name: String) -> BuildNeed? {
        (try? HookEvent(named: name)).flatMap { BuildNeed(rawValue: $0.command) }
    }

    /// Of the site's configuration only its hooks shape an image.
    private func needOfConfiguration() throws -> BuildNeed? {
        let (before, after) = (try entries(old), try entries(new))
        let sections = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
        return BuildNeed.first(
            of: sections.flatMap { section -> [BuildNeed?] in
                let lines = (before[section] ?? []) + (after[section] ?? [])
                let events = lines.filter { $0.hasPrefix("event=") }.map { String($0.dropFirst(6)) }
                // A section without an event changes file hooks of its name, of whatever event.
                return events.isEmpty ? [.genimage] : events.map { Self.need(ofEvent: $0) }
            })
    }

    /// `name=value` of the sections `hook "NAME"`, by NAME.
    private func entries(_ snapshot: ImageSnapshot) throws -> [String: [String]] {
        let text = String(decoding: try snapshot.bytes(of: "config") ?? [], as: UTF8.self)
        // One that cannot be read stops every command with its line.
        guard let configuration = try? ConfigText(text, name: "config") else { return [:] }
        var result: [String: [String]] = [:]
        for entry in configuration.entries where entry.key.hasPrefix("hook.") {
            guard let dot = entry.key.lastIndex(of: "."), dot > entry.key.index(entry.key.startIndex, offsetBy: 4)
            else { continue }
            let section = entry.key[entry.key.index(entry.key.startIndex, offsetBy: 5)..<dot]
            let name = entry.key[entry.key.index(after: dot)...]
            result[String(section), default: []].append("\(name)=\(entry.value ?? "true")")
        }
        return result
    }
}
