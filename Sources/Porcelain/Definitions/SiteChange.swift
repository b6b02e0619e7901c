internal import Definitions
internal import Support
internal import Tables

/// Makes and changes the site, whose attributes are rows.
extension DefinitionEditor {
    /// Each attribute of the site is a row; an empty value removes it.
    func writeSite(_ draft: ObjectDraft, _ request: DefinitionRequest) throws -> Bool {
        if draft.name != "clustersite" {
            plan.complain(DefinitionProblem.missing(draft.name, "site").diagnostic)
        }
        for (key, given) in draft.values {
            let current = try cluster.site(key)
            var value = given
            if request.isPlus {
                value = current.map { "\($0),\(given)" } ?? given
            } else if request.isMinus {
                let items = given.split(separator: ",")
                value = (current ?? "").split(separator: ",").filter { !items.contains($0) }.joined(separator: ",")
            }
            if request.isPlus || request.isMinus {
                plan.batch.append(
                    .expect("site", matches: [Cell("key", key)], values: [Cell("value", current ?? "")]))
            }
            if value.isEmpty {
                plan.batch.append(.delete("site", matches: [Cell("key", key)]))
            } else {
                try warnOfDisabledRow("site", Cell("key", key), key)
                plan.batch.append(.set("site", matches: [Cell("key", key)], values: [Cell("value", value)]))
            }
        }
        return true
    }
}
