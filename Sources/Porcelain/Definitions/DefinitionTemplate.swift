internal import CommandShell
internal import Definitions
internal import Settings
internal import Support

/// Fills a new object from a shipped template, or from an object of the same type.
struct DefinitionTemplate {
    private let cluster: Cluster
    private let draft: ObjectDraft
    private let template: String

    init(_ cluster: Cluster, _ draft: ObjectDraft, _ template: String) {
        self.cluster = cluster
        self.draft = draft
        self.template = template
    }

    /// The object with what the template gives beneath its own values; nil, with the reason noted, when it is refused.
    func filled(_ plan: inout ChangePlan) throws -> ObjectDraft? {
        if template.isEmpty {
            throw CommandFailure([Diagnostic("no object definition template specified for mkdef --template!")])
        }
        if template.contains(",") {
            throw CommandFailure([Diagnostic("Only 1 template object definition should be specified for mkdef!")])
        }
        var result = draft
        for (attribute, text) in try values() where draft[attribute] == nil {
            if text.hasPrefix("MANDATORY:") {
                plan.fail(
                    Diagnostic(
                        "The attribute \"\(attribute)\" must be specified!",
                        remedy: String(text.dropFirst("MANDATORY:".count))))
                return nil
            }
            if !text.hasPrefix("OPTIONAL:"), draft.type.has(attribute) { result.set(attribute, text) }
        }
        return result
    }

    private func values() throws -> [(name: String, value: String)] {
        let type = draft.type.name
        let path = cluster.settings.dataFolder.joined("templates/objects").joined(type).joined("\(template).stanza")
        if !template.contains("/"), path.isRegularFile {
            return StanzaFile(try path.readText()).stanzas.first?.values ?? []
        }
        if template == draft.name {
            throw CommandFailure([Diagnostic("The template \(type) cannot be the same as the \(type) to create.")])
        }
        guard let source = try cluster.definitions(draft.type, [template]).first else {
            throw CommandFailure([
                Diagnostic("Could not find the template object named '\(template)' of type '\(type)'.")
            ])
        }
        return source.attributes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
