internal import CommandShell
internal import Definitions
internal import Support
internal import SystemPackage

/// The objects that mkdef and chdef are to write, from the command line or from stanzas.
struct DraftReader {
    private let request: DefinitionRequest
    private let cluster: Cluster

    /// What was read.
    struct Result {
        var drafts: [ObjectDraft] = []
        /// Attributes that no such object has.
        var unknown: [Diagnostic] = []
        /// Objects of a file that cannot be read.
        var broken: [Diagnostic] = []
    }

    init(_ request: DefinitionRequest, _ cluster: Cluster) {
        self.request = request
        self.cluster = cluster
    }

    /// - Parameter stanzas: the text of standard input, for `-z`.
    func read(_ stanzas: String?) throws -> Result {
        if let stanzas { return try read(StanzaFile(stanzas)) }
        var result = Result()
        let type = try request.givenTypes?.first ?? ObjectType.named(request.fills ? "osimage" : "node")
        let names = try cluster.requestedNames(request, type) ?? (type.isSite ? ["clustersite"] : [])
        var values: [(name: String, value: String)] = []
        for (name, value) in request.assignments {
            if type.has(name), !(type.isSite && name.isEmpty) {
                values.removeAll { $0.name == name }
                values.append((name, TypedValue.stored(value)))
            } else {
                var diagnostic = DefinitionProblem.unknownAttribute(name, type.name).diagnostic
                diagnostic.problem += "\nSkipping to the next attribute."
                diagnostic.remedy = Self.nearest(name, type) ?? diagnostic.remedy
                result.unknown.append(diagnostic)
            }
        }
        result.drafts = names.map { ObjectDraft(type: type, name: $0, values: values) }
        return result
    }

    /// - Parameters:
    ///   - file: stanzas that have been read.
    ///   - isPlaced: whether messages name object and line, and an unknown type spoils its object only; else they are
    ///     those of xCAT.
    /// - Returns: groups last, when the nodes that they name as members are there.
    func read(_ file: StanzaFile, isPlaced: Bool = false) throws -> Result {
        var result = Result()
        if file.stanzas.isEmpty {
            var diagnostic = DefinitionProblem.noNames.diagnostic
            if let bad = file.badLines.first {
                diagnostic.remedy = "line \(bad.number) is neither 'name:' nor 'attribute=value': \(bad.text)"
            }
            throw CommandFailure([diagnostic])
        }
        if let bad = file.badLines.first { result.broken.append(Self.told(bad)) }
        for stanza in file.stanzas {
            guard let typeName = stanza.type, !typeName.isEmpty else {
                if isPlaced {
                    result.broken.append(
                        Diagnostic("it has no objtype", remedy: "write objtype=TYPE below its name")
                            .placed("object", stanza.name, line: stanza.line))
                    continue
                }
                throw CommandFailure([
                    Diagnostic(
                        "\nNo objtype value was specified for '\(stanza.name)'. Cannot create object definition.")
                ])
            }
            guard let type = try type(typeName, of: stanza, isPlaced, &result) else { continue }
            if let bad = stanza.badLines.first {
                result.broken.append(Self.told(bad))
                continue
            }
            var draft = ObjectDraft(
                type: type, name: stanza.name, values: [], line: isPlaced ? stanza.line : nil)
            for (name, value) in stanza.values {
                if type.has(name) {
                    draft.values.append((name, TypedValue.stored(value)))
                } else {
                    var diagnostic = DefinitionProblem.unknownAttribute(name, type.name).diagnostic
                    diagnostic.remedy = Self.nearest(name, type) ?? diagnostic.remedy
                    result.unknown.append(
                        isPlaced ? diagnostic.placed(type.name, stanza.name, line: stanza.line) : diagnostic)
                }
            }
            result.drafts.append(draft)
        }
        let groups = result.drafts.filter(\.type.isGroup)
        result.drafts = MemberOrder(groups).sorted(result.drafts.filter { !$0.type.isGroup }) + groups
        return result
    }

    /// The type of a stanza; nil when there is none of the name and the stanza alone is spoiled by that.
    private func type(
        _ name: String, of stanza: StanzaFile.Stanza, _ isPlaced: Bool, _ result: inout Result
    ) throws -> ObjectType? {
        do {
            return try ObjectType.named(name)
        } catch {
            guard isPlaced else { throw error }
            result.broken.append(
                Diagnostic("no such objtype: \(name)", remedy: "see lsdef -h for the types")
                    .placed("object", stanza.name, line: stanza.line))
            return nil
        }
    }

    private static func told(_ bad: StanzaFile.BadLine) -> Diagnostic {
        Diagnostic(
            "stanza line is not understood", subject: "line \(bad.number): \(bad.text)",
            remedy: "write 'name:' or 'attribute=value'; the object was left alone")
    }

    /// The attribute that was probably meant.
    private static func nearest(_ name: String, _ type: ObjectType) -> String? {
        let lower = name.lowercased()
        let near =
            type.attributes.first { $0.lowercased() == lower }
            ?? type.attributes.first { abs($0.count - name.count) <= 1 && differences($0, name) <= 1 }
        return near.map { "did you mean '\($0)'?" }
    }

    /// 0 or 1 when one edit makes the names equal, else 2.
    private static func differences(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        let head = zip(left, right).prefix { $0 == $1 }.count
        let tail = zip(left.reversed(), right.reversed()).prefix { $0 == $1 }.count
        return head + tail >= max(left.count, right.count) - 1 ? 1 : 2
    }

    /// Standard input, for `-z`.
    static func standardInput() throws -> String {
        let name = "standard input"
        return try String(
            utf8: FileDescriptor.standardInput.readToEnd(limit: 256 << 20, of: FilePath(name)), of: name)
    }
}
