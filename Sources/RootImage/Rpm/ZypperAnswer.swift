internal import RpmMetadata

/// What zypper prints with `--xmlout`.
struct ZypperAnswer: Equatable {
    struct Change: Equatable {
        var name: String
        var architecture: String
        /// nil: it is not there any more.
        var edition: String?
        /// nil: it was not there.
        var oldEdition: String?
        var oldArchitecture: String
    }

    var changes: [Change] = []
    /// Words that mean nothing.
    var unknown: [String] = []
    var errors: [String] = []
    /// What rpm says of package scripts that failed.
    var scriptFailures: [String] = []
    /// Why the solver found no solution.
    var problems: [String] = []

    init(_ text: String) throws {
        // zypper and package scripts may print before and after the document.
        let start = text.firstRange(of: "<?xml")?.lowerBound ?? text.startIndex
        var scanner = TagScanner(Array(text[start...].utf8))
        var section = ""
        var message: String?
        while let item = try scanner.next() {
            switch item {
            case .start("message", let attributes): message = attributes["type"] ?? ""
            case .start("solvable", let attributes): add(attributes, section)
            case .start(let name, _): if name.hasPrefix("to-") { section = name }
            case .text(let text):
                if let message { add(text, message) } else if text.contains("Problem") { problems.append(text) }
            case .end("message"): message = nil
            case .end(let name): if name == section { section = "" }
            }
        }
    }

    private mutating func add(_ attributes: [String: String], _ section: String) {
        guard attributes["type"] == "package", section.hasPrefix("to-"), let name = attributes["name"],
            let edition = attributes["edition"]
        else { return }
        let architecture = attributes["arch"] ?? ""
        let isGone = section == "to-remove"
        let old = isGone ? edition : attributes["edition-old"] ?? (section == "to-reinstall" ? edition : nil)
        changes.append(
            Change(
                name: name, architecture: architecture, edition: isGone ? nil : edition, oldEdition: old,
                oldArchitecture: attributes["arch-old"] ?? architecture))
    }

    private mutating func add(_ text: String, _ type: String) {
        scriptFailures += text.split(separator: "\n").filter { $0.contains("scriptlet failed") }.map(String.init)
        if text.contains("roblem: ") || text.contains("nothing provides") {
            problems.append(text)
        } else if type == "error" {
            let quoted = text.split(separator: "'", omittingEmptySubsequences: false)
            if quoted.count >= 3, text.hasPrefix("No provider of ") || text.hasSuffix("not found.") {
                unknown.append(String(quoted[1]))
            } else {
                errors.append(text)
            }
        }
    }
}
