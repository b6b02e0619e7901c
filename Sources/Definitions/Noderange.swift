internal import Support
internal import SystemPackage
internal import Tables

extension Cluster {
    /// The nodes of a noderange, sorted by bytes, without duplicates and without `site.excludenodes`.
    /// - Throws: `NoderangeError.unknown` with every name that is neither a node nor a group; `StoreError`.
    public func nodes(in range: String) throws -> [String] {
        let expander = NoderangeExpander(self, verifies: true)
        let found = try expander.expand(range)
        guard expander.missing.isEmpty else { throw NoderangeError.unknown(expander.missing.sortedByBytes()) }
        return try excluding(found)
    }

    /// The names of a noderange whether or not such nodes exist: for commands that make nodes.
    public func names(in range: String) throws -> [String] {
        try excluding(try NoderangeExpander(self, verifies: false).expand(range))
    }

    /// What is known of a noderange: nodes that exist, and names that are neither a node nor a group.
    public func expansion(of range: String) throws -> (nodes: [String], missing: [String]) {
        let expander = NoderangeExpander(self, verifies: true)
        let found = try expander.expand(range)
        return (try excluding(found), expander.missing.sortedByBytes())
    }

    private func excluding(_ nodes: Set<String>) throws -> [String] {
        guard let excluded = try site("excludenodes"), !nodes.isEmpty else { return nodes.sortedByBytes() }
        let left: Set<String>
        do {
            left = try NoderangeExpander(self, verifies: false, matchesPatterns: true).expand(excluded)
        } catch let error as NoderangeError {
            throw NoderangeError.badExclusion(excluded, reason: error.diagnostic.description)
        }
        return nodes.subtracting(left).sortedByBytes()
    }
}

/// Evaluates noderanges by the rules of noderange(7).
final class NoderangeExpander {
    private let cluster: Cluster
    /// Whether names that are neither nodes nor groups are noted as missing; else they stand for themselves.
    private let verifies: Bool
    /// Whether `/pattern` stands for the nodes that match; else for itself.
    private let matchesPatterns: Bool
    private(set) var missing: Set<String> = []
    private var produced = 0
    private var elements = 0
    private var known: Set<String>?
    private var dynamic: Set<String>?

    /// Names that one range may produce, and elements that it may have, before it is refused.
    static let limit = 1 << 18
    /// Bytes that one range may have: lists of all nodes of a large site are longer than a line that people type.
    static let textLimit = 1 << 22

    init(_ cluster: Cluster, verifies: Bool, matchesPatterns: Bool? = nil) {
        self.cluster = cluster
        self.verifies = verifies
        self.matchesPatterns = matchesPatterns ?? verifies
    }

    func expand(_ range: String) throws -> Set<String> {
        guard range.utf8.count <= Self.textLimit else { throw NoderangeError.tooLarge(limit: Self.limit) }
        let text = range.utf8.filter { $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\"") }
        return try union(String(decoding: text, as: UTF8.self), depth: 0)
    }

    /// Elements between commas: united, those with `-` taken away at the end.
    private func union(_ text: String, depth: Int) throws -> Set<String> {
        guard depth < 32 else { throw NoderangeError.tooLarge(limit: Self.limit) }
        var result: Set<String> = []
        var excluded: Set<String> = []
        let parts = try Self.split(text, at: ",")
        elements += parts.count
        guard elements <= Self.limit else { throw NoderangeError.tooLarge(limit: Self.limit) }
        cluster.prepare(forObjects: parts.count)
        for element in parts where !element.isEmpty {
            if element.hasPrefix("-") {
                excluded.formUnion(try term(String(element.dropFirst()), depth: depth))
            } else if element.hasPrefix("@") {
                result.formIntersection(try term(String(element.dropFirst()), depth: depth))
            } else {
                result.formUnion(try term(element, depth: depth))
            }
        }
        return result.subtracting(excluded)
    }

    /// Factors between `@`: their intersection.
    private func term(_ text: String, depth: Int) throws -> Set<String> {
        var result: Set<String>?
        for (index, factor) in try Self.split(text, at: "@").enumerated() where !factor.isEmpty {
            let name = index > 0 && factor.hasPrefix("-") ? String(factor.dropFirst()) : factor
            let nodes = try resolve(name, depth: depth + 1)
            result = result?.intersection(nodes) ?? nodes
        }
        return result ?? []
    }

    /// The first rule that applies to one factor.
    private func resolve(_ name: String, depth: Int) throws -> Set<String> {
        guard depth < 32 else { throw NoderangeError.tooLarge(limit: Self.limit) }
        if try isNode(name) { return [name] }
        if name.hasPrefix("("), name.hasSuffix(")") {
            return try union(String(name.dropFirst().dropLast()), depth: depth)
        }
        if name.hasPrefix("^") { return try file(String(name.dropFirst()), depth: depth) }
        if !name.contains(where: { "[]()/^=~".contains($0) }), let members = try group(name) { return members }
        if name.contains(where: { $0 == "=" || $0 == "~" }) { return try selection(name) }
        if !name.isEmpty, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return try numbered(name, depth: depth)
        }
        if name.hasPrefix("/") { return try matching(name) }
        if let names = try NodeSpan.expand(name, limit: Self.limit) {
            produced += names.count
            guard produced <= Self.limit else { throw NoderangeError.tooLarge(limit: Self.limit) }
            cluster.prepare(forObjects: names.count)
            var result: Set<String> = []
            for next in names {
                if next == name { return unknown(name) }
                result.formUnion(try resolve(next, depth: depth + 1))
            }
            return result
        }
        return unknown(name)
    }

    private func unknown(_ name: String) -> Set<String> {
        if verifies {
            missing.insert(name)
            return []
        }
        return [name]
    }

    private func isNode(_ name: String) throws(StoreError) -> Bool {
        if name.isEmpty { return false }
        if let known { return known.contains(name) }
        guard cluster.cache.readsWholeTables else {
            return try !cluster.cache.rows("nodelist", "node", name).isEmpty
        }
        let names = Set(try cluster.cache.byKey("nodelist", "node").keys)
        known = names
        return names.contains(name)
    }

    private func group(_ name: String) throws -> Set<String>? {
        let dynamic = try self.dynamic ?? cluster.dynamicGroups()
        self.dynamic = dynamic
        if dynamic.contains(name) { return Set(try cluster.members(of: name)) }
        if let members = try cluster.staticGroups()[name] { return Set(members) }
        return try cluster.cache.rows("nodegroup", "groupname", name).isEmpty ? nil : []
    }

    /// Digits alone: the usual prefix is `node`.
    private func numbered(_ digits: String, depth: Int) throws -> Set<String> {
        let environment = Environment.current
        let name =
            (environment.text("XCAT_NODE_PREFIX") ?? "node") + digits + (environment.text("XCAT_NODE_SUFFIX") ?? "")
        return name == digits ? unknown(name) : try resolve(name, depth: depth + 1)
    }

    private func matching(_ name: String) throws -> Set<String> {
        guard matchesPatterns else { return [name] }
        let pattern: Pattern
        do {
            pattern = try Pattern("^" + name.dropFirst() + "$")
        } catch {
            throw NoderangeError.badPattern(String(name.dropFirst()), reason: error.diagnostic.remedy ?? "")
        }
        return Set(try cluster.cache.byKey("nodelist", "node").keys.filter { pattern.matches($0) })
    }

    /// A file of ranges, one a line up to the first colon or blank; lines that begin with `#` or `^` do not count.
    private func file(_ path: String, depth: Int) throws -> Set<String> {
        let text: String
        do {
            text = try FilePath(path).readText()
        } catch {
            throw NoderangeError.unreadableFile(FilePath(path), reason: error.diagnostic.remedy ?? "")
        }
        let ranges = text.split(whereSeparator: \.isNewline).compactMap { line -> String? in
            let range = line.prefix { $0 != ":" && $0 != " " && $0 != "\t" }
            return range.isEmpty || range.hasPrefix("#") || range.hasPrefix("^") ? nil : String(range)
        }
        return try union(ranges.joined(separator: ","), depth: depth + 1)
    }

    /// `table.column==value` and its kin, over the effective values of all nodes; unset counts as empty.
    private func selection(_ text: String) throws -> Set<String> {
        let term: Selection
        do {
            term = try Selection(text)
        } catch let error as PatternError {
            throw NoderangeError.badPattern(text, reason: error.diagnostic.remedy ?? "")
        } catch {
            throw NoderangeError.badSelection(text)
        }
        guard let column = NodeColumn(term.attribute) else { throw NoderangeError.badSelection(text) }
        cluster.cache.readsWholeTables = true
        let nodes = try cluster.cache.byKey("nodelist", "node").keys
        return Set(try nodes.filter { term.holds(for: try cluster.value(of: $0, column)?.text ?? "") })
    }

    /// Parts between `separator` outside brackets and parentheses.
    static func split(_ text: String, at separator: Character) throws(NoderangeError) -> [String] {
        let bytes = Array(text.utf8)
        let lastClosing = bytes.lastIndex(of: UInt8(ascii: "]")) ?? 0
        var parts: [String] = []
        var start = 0
        var parentheses = 0
        var isInBrackets = false
        for (position, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "(") where !isInBrackets: parentheses += 1
            case UInt8(ascii: ")") where !isInBrackets: parentheses = max(0, parentheses - 1)
            case UInt8(ascii: "["): isInBrackets = isInBrackets || position < lastClosing
            case UInt8(ascii: "]"): isInBrackets = false
            case separator.asciiValue where parentheses == 0 && !isInBrackets:
                parts.append(String(decoding: bytes[start..<position], as: UTF8.self))
                start = position + 1
            default: break
            }
        }
        guard parentheses == 0 else { throw .unbalanced(text) }
        return parts + [String(decoding: bytes[start...], as: UTF8.self)]
    }
}
