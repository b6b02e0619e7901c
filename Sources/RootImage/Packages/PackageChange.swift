/// One package that is, or would be, added, removed or brought to another version.
public struct PackageChange: Hashable, Sendable {
    public var name: String
    /// nil when it was not there.
    public var old: String?
    /// nil when it is gone.
    public var new: String?

    public init(_ name: String, from old: String?, to new: String?) {
        (self.name, self.old, self.new) = (name, old, new)
    }

    /// `+ name - new`, `- name old -` or `~ name old new`.
    public var record: String {
        let sign = old == nil ? "+" : new == nil ? "-" : "~"
        return "\(sign) \(name) \(old ?? "-") \(new ?? "-")"
    }

    /// What differs between two sets of packages, sorted by name.
    public static func between(_ before: [String: String], _ after: [String: String]) -> [PackageChange] {
        let names = Set(before.keys).union(after.keys).sorted {
            Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8))
        }
        return names.compactMap { name in
            before[name] == after[name] ? nil : PackageChange(name, from: before[name], to: after[name])
        }
    }
}
