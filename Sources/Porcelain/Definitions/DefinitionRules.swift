internal import Definitions
internal import Support
internal import Tables

/// What a definition must satisfy besides the conditions of its attributes.
enum DefinitionRules {
    static func noGroups(_ node: String) -> Diagnostic {
        Diagnostic(
            "Attribute 'groups' is not specified for node '\(node)', skipping to the next node.",
            remedy: "give groups=GROUP,…")
    }

    /// Why an object that does not show cannot be made: its row is there, but switched off.
    static func disabled(_ draft: ObjectDraft) -> Diagnostic {
        Diagnostic(
            "A definition for '\(draft.name)' exists, but its row in the table '\(draft.type.table)' is disabled.",
            remedy: "chtab \(draft.type.keyColumn)=\(draft.name) \(draft.type.table).disable=")
    }

    /// Why the values cannot be stored; nil when they can.
    static func problem(_ draft: ObjectDraft) -> Diagnostic? {
        guard let options = draft["nfsrootopts"], !options.isEmpty else { return nil }
        let items = options.split(separator: ",", omittingEmptySubsequences: false)
        if items.contains(where: { $0.isEmpty || $0.contains(where: \.isWhitespace) }) {
            return Diagnostic("nfsrootopts must be a comma-separated list without whitespace or empty options")
        }
        for name in ["rw", "defaults"] where items.contains(where: { $0 == name }) {
            return Diagnostic("nfsrootopts cannot contain '\(name)'; statelite NFS roots are always read-only")
        }
        return nil
    }
}

/// Networks are one row for each net and mask, whatever their names.
struct NetworkNames {
    private let cluster: Cluster
    private var known: [String: String]?

    init(_ cluster: Cluster) { self.cluster = cluster }

    /// Why a network cannot be made; nil when it can.
    mutating func problem(_ draft: ObjectDraft, isForced: Bool) throws -> Diagnostic? {
        let name = draft.name
        if try cluster.exists(draft.type, name) {
            return Diagnostic(
                "A network definition called '\(name)' already exists. Cannot create a definition for '\(name)'.",
                remedy: "change it with chdef -t network")
        }
        guard let net = draft["net"], let mask = draft["mask"], !net.isEmpty, !mask.isEmpty else {
            return Diagnostic("Net or mask value should not be empty for xCAT network object '\(name)'.")
        }
        var known = try self.known ?? rows()
        let key = "\(net)/\(mask)"
        if let other = known[key] {
            return Diagnostic(
                "A network definition called '\(other)' already exists that contains the same net and mask values. "
                    + "Cannot create a definition for '\(name)'.")
        }
        known[key] = name
        self.known = known
        return nil
    }

    private func rows() throws(StoreError) -> [String: String] {
        var result: [String: String] = [:]
        for row in try cluster.store.rows("networks") {
            result["\(row["net"] ?? "")/\(row["mask"] ?? "")"] = row["netname"] ?? ""
        }
        return result
    }
}
