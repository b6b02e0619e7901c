internal import Settings
internal import Support
internal import SystemPackage

/// What the configuration says about hooks: `hook.<name>.*` and `hooks.timeout`.
///
/// A section with `event` is a hook of its own; one without changes file hooks of that name (`enabled`, `timeout`,
/// `chroot`). Values given more than once form a list; the last file that sets a key sets the whole list.
struct HookSettings {
    private let configuration: Configuration

    init(_ configuration: Configuration) { self.configuration = configuration }

    struct Value {
        var text: String
        /// `file:line`.
        var origin: String
    }

    var names: [String] { configuration.subsections(of: "hook") }

    func values(_ name: String, _ key: String) -> [Value] {
        let entries = configuration.entries.filter { $0.key == "hook.\(name).\(key)" }
        guard let place = entries.last.map({ Self.file($0.origin) }) else { return [] }
        return entries.filter { Self.file($0.origin) == place }.map {
            Value(text: $0.value ?? "true", origin: $0.origin)
        }
    }

    /// The file of an origin `file:line`.
    static func file(_ origin: String) -> Substring {
        origin.lastIndex(of: ":").map { origin[..<$0] } ?? origin[...]
    }

    /// Files that say anything about hooks, as stored.
    var files: [FilePath] {
        let names = configuration.entries.filter { $0.key.hasPrefix("hook.") }.map { Self.file($0.origin) }
        return Set(names).sorted().filter { $0.hasPrefix("/") }.map { FilePath(String($0)) }
    }

    func isEnabled(_ name: String) throws(HookError) -> (Bool, origin: String) {
        guard let value = values(name, "enabled").last else { return (true, "") }
        return (try boolean(name, "enabled", value), value.origin)
    }

    func isInImage(_ name: String) throws(HookError) -> Bool { try isSet(name, "chroot") }

    func hasNetwork(_ name: String) throws(HookError) -> Bool { try isSet(name, "network") }

    private func isSet(_ name: String, _ key: String) throws(HookError) -> Bool {
        guard let value = values(name, key).last else { return false }
        return try boolean(name, key, value)
    }

    /// The hook's limit, else `hooks.timeout`, else an hour; nil for none.
    func timeLimit(_ name: String) throws(HookError) -> Duration? {
        if let value = values(name, "timeout").last {
            guard let limit = TimeLimit.parse(value.text) else {
                throw .badSetting(
                    key: "hook.\(name).timeout", value: value.text, origin: value.origin,
                    remedy: "write seconds, 15m, 2h, or 0 for no limit")
            }
            return limit
        }
        guard let entry = configuration.entries.last(where: { $0.key == "hooks.timeout" }) else {
            return .seconds(3600)
        }
        guard let limit = TimeLimit.parse(entry.value ?? "") else {
            throw .badSetting(
                key: "hooks.timeout", value: entry.value ?? "", origin: entry.origin,
                remedy: "write seconds, 15m, 2h, or 0 for no limit")
        }
        return limit
    }

    private func boolean(_ name: String, _ key: String, _ value: Value) throws(HookError) -> Bool {
        switch value.text.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0", "": return false
        default:
            throw .badSetting(
                key: "hook.\(name).\(key)", value: value.text, origin: value.origin, remedy: "write true or false")
        }
    }
}
