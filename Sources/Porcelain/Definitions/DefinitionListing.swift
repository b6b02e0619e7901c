internal import CommandShell
internal import Definitions
internal import Resolution
internal import Support
internal import Tables

/// What lsdef shows.
struct DefinitionListing {
    private let request: DefinitionRequest
    private let cluster: Cluster

    init(_ request: DefinitionRequest, _ cluster: Cluster) {
        self.request = request
        self.cluster = cluster
    }

    /// Objects of one type that are to be shown, and names that do not exist.
    private struct Found {
        var type: ObjectType
        var definitions: [Definition]
        var missing: [String]
        var hasAny: Bool
    }

    func show() throws {
        let types = try request.isAll ? Self.allTypes() : request.givenTypes ?? [ObjectType.named("node")]
        try refuseUnknownSelections(types)
        let found = try types.map { try find($0) }
        var failed = try reportUnknownAttributes(found)
        for result in found {
            for name in result.missing {
                Console.error(DefinitionProblem.missing(name, result.type.name).diagnostic)
                failed = true
            }
        }
        if !request.hasNames, !found.contains(where: \.hasAny) {
            try Console.print("Could not find any object definitions to display.")
        } else if found.allSatisfy(\.definitions.isEmpty) {
            try Console.print("No object definitions have been found")
        } else {
            failed = try !print(found) || failed
            failed = reportUnwritable(found) || failed
        }
        if failed { throw CommandFailure([]) }
    }

    /// The order of `-a`: what people look for first, the rest by name. Logs are left out.
    private static func allTypes() throws -> [ObjectType] {
        let first = ["node", "group", "site", "network", "policy", "notification", "osimage"]
        let rest = ObjectType.names.filter { !first.contains($0) && $0 != "auditlog" && $0 != "eventlog" }
        return try (first + rest).map { try ObjectType.named($0) }
    }

    private func find(_ type: ObjectType) throws -> Found {
        let requested = try cluster.requestedNames(request, type)
        var names = try requested ?? cluster.names(type)
        var missing: [String] = []
        if requested != nil {
            let known = try names.filter { try cluster.exists(type, $0) }
            missing = Set(names).subtracting(known).sortedByBytes()
            names = Set(known).sortedByBytes()
            if type.isSite, try !cluster.site.isEmpty { names = ["clustersite"] }
        }
        let hasAny = !names.isEmpty
        if type.isNode, !request.showsHidden {
            let hidden = try cluster.hiddenNodes()
            names.removeAll { hidden.contains($0) }
        }
        var definitions = try cluster.definitions(type, names, attributes: wanted(type))
        if type.isNode, !request.isStanza { try addDefaultScripts(&definitions) }
        definitions = definitions.filter { definition in
            request.selections.allSatisfy { term in
                let unset = definition.unset.contains(term.attribute) ? "" : nil
                return (definition[term.attribute] ?? unset).map { term.holds(for: $0) } ?? false
            }
        }
        return Found(type: type, definitions: definitions, missing: missing, hasAny: hasAny)
    }

    /// Attributes that must be read; nil for all.
    private func wanted(_ type: ObjectType) -> Set<String>? {
        let selected = request.selections.map(\.attribute)
        if !isLong { return Set(selected) }
        if request.showsNics { return Set(Self.nicAttributes + selected) }
        return request.only.map { Set($0 + selected) }
    }

    static let nicAttributes = [
        "nicaliases", "niccustomscripts", "nicdevices", "nicextraparams", "nichostnameprefixes",
        "nichostnamesuffixes", "nicips", "nicnetworks", "nictypes",
    ]

    private var isLong: Bool {
        !request.isShort
            && (request.isLong || request.hasNames || request.only != nil || request.isStanza || request.showsNics
                || request.showsOsimage)
    }

    /// Scripts that every node runs stand before its own.
    private func addDefaultScripts(_ definitions: inout [Definition]) throws {
        guard let row = try cluster.rows("postscripts", "node", "xcatdefaults").first else { return }
        let wanted = wanted(try ObjectType.named("node"))
        for attribute in ["postscripts", "postbootscripts"] where wanted?.contains(attribute) ?? true {
            guard let defaults = row[attribute] else { continue }
            for index in definitions.indices {
                definitions[index].prepend(defaults, to: attribute, separator: ",")
            }
        }
    }

    private func refuseUnknownSelections(_ types: [ObjectType]) throws {
        for term in request.selections where !types.contains(where: { $0.has(term.attribute) }) {
            throw CommandFailure([DefinitionProblem.unknownAttribute(term.attribute, types[0].name).diagnostic])
        }
    }

    /// Says which attributes of `-i` a type does not have.
    private func reportUnknownAttributes(_ found: [Found]) throws -> Bool {
        var failed = false
        for result in found where !result.definitions.isEmpty {
            for attribute in request.only ?? [] where !result.type.has(attribute) && attribute != result.type.keyColumn
            {
                Console.error(DefinitionProblem.unknownAttribute(attribute, result.type.name).diagnostic)
                failed = true
            }
        }
        return failed
    }

    /// Says which values have no place in a stanza: they were left out.
    private func reportUnwritable(_ found: [Found]) -> Bool {
        guard writesStanzas else { return false }
        var failed = false
        for definition in found.flatMap(\.definitions) {
            for (attribute, value) in definition.values.sorted(by: { $0.key.precedesByBytes($1.key) })
            where StanzaText.value(value.text) == nil {
                Console.error(
                    Diagnostic(
                        "value has several lines, which a stanza cannot hold",
                        subject: "\(attribute) of \(definition.name)", remedy: "see tabdump \(value.table)"))
                failed = true
            }
        }
        return failed
    }

    /// - Returns: whether the image of every node could be told.
    private func print(_ found: [Found]) throws -> Bool {
        var isWhole = true
        var output = request.isStanza && isLong ? StanzaText.heading : ""
        for result in found {
            for definition in result.definitions {
                guard isLong else {
                    output += "\(definition.name)\(request.isAll ? " " : "  ")(\(result.type.name))\n"
                    continue
                }
                let lines = try self.lines(definition, result.type)
                if request.isCompressed {
                    for line in lines { output += "\(definition.name): \(line)\n" }
                } else if request.isStanza {
                    output += "\n\(definition.name):\n    objtype=\(result.type.name)\n"
                    for line in lines { output += "    \(line)\n" }
                } else {
                    output += "Object name: \(definition.name)\(found.count > 1 ? "  (\(result.type.name))" : "")\n"
                    for line in lines { output += "    \(line)\n" }
                    if request.showsOsimage, result.type.isNode {
                        let lines = try imageLines(definition)
                        output += lines ?? ""
                        isWhole = isWhole && lines != nil
                    }
                }
            }
        }
        try Console.write(output.utf8)
        return isWhole
    }

    /// `attr=value` lines, sorted.
    private func lines(_ definition: Definition, _ type: ObjectType) throws -> [String] {
        let attributes: [String]
        if let only = request.only {
            let known = only.filter { type.has($0) || $0 == type.keyColumn }
            attributes = type.isSite ? known.filter { definition[$0] != nil } : known
        } else if request.showsNics {
            attributes = Self.nicAttributes.filter { definition[$0] != nil }
        } else {
            let unset = request.isVerbose && !type.isNode && !type.isGroup ? definition.unset : []
            attributes = Array(definition.values.keys) + unset
        }
        return Set(attributes).sortedByBytes().flatMap { lines(of: $0, definition, type) }
    }

    private func lines(of attribute: String, _ definition: Definition, _ type: ObjectType) -> [String] {
        let packed = ObjectType.stored(attribute)
        guard packed.hasPrefix("nic"), type.isNode || type.isGroup, let text = definition[packed] else {
            return line(attribute, definition[attribute] ?? "", origin(attribute, definition, type))
        }
        let values = NicValues(text).entries.sorted { $0.nic.precedesByBytes($1.nic) }
        let shown = packed == attribute ? values : values.filter { "\(packed).\($0.nic)" == attribute }
        if shown.isEmpty { return ["\(attribute)="] }
        return shown.flatMap {
            line("\(packed)\($0.nic.isEmpty ? "" : ".\($0.nic)")", $0.value, origin(packed, definition, type))
        }
    }

    private var writesStanzas: Bool { request.isStanza && isLong && !request.isCompressed }

    /// `attribute=value`; nothing where a stanza cannot hold the value.
    private func line(_ attribute: String, _ value: String, _ origin: String) -> [String] {
        guard writesStanzas else { return ["\(attribute)=\(value)\(origin)"] }
        return StanzaText.value(value).map { ["\(attribute)=\($0)"] } ?? []
    }

    /// Where a value comes from, for `-V`.
    private func origin(_ attribute: String, _ definition: Definition, _ type: ObjectType) -> String {
        guard request.isVerbose, !request.isStanza else { return "" }
        if type.isSite { return "\t(Table:site - Key:\(attribute))" }
        let place = type.places[attribute]?.first
        guard let table = definition.values[attribute]?.table ?? place?.table,
            let column = definition.values[attribute]?.column ?? place?.column,
            let key = definition.values[attribute]?.keyColumn ?? place?.keyColumn
        else { return "" }
        return "\t(Table:\(table) - Key:\(type.isNode || type.isGroup ? "" : " ")\(key) - Column:\(column))"
    }

    /// The attributes of the node's image; nil, with the reason told, when the node does not say which.
    private func imageLines(_ node: Definition) throws -> String? {
        let name = node["provmethod"] ?? ""
        if ["", "install", "netboot", "statelite"].contains(name) {
            guard !name.isEmpty, let os = node["os"], let arch = node["arch"], let profile = node["profile"] else {
                Console.error(
                    Diagnostic(
                        "Missing attributes for node \(node.name), "
                            + "check the node attributes 'os', 'arch','profile' and 'provmethod'.",
                        remedy: "set provmethod to the name of an osimage"))
                return nil
            }
            // Without an image the files are those that its profile, release and method lead to.
            let files = try ProfileFiles(
                profile: profile, osvers: os, osarch: arch, tree: name == "install" ? .install : .netboot, cluster)
            return files.values.sorted { $0.attribute.precedesByBytes($1.attribute) }
                .map { "    \($0.attribute)=\($0.value)\n" }.joined()
        }
        guard let image = try cluster.definition("osimage", name) else {
            Console.warning("\(node.name): could not find information for osimage \(name)")
            return ""
        }
        return image.attributes.keys.sortedByBytes().map { "    \($0)=\(image[$0] ?? "")\n" }.joined()
    }
}
