internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

struct ChtabCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "chtab", abstract: "Change rows of tables.", helpNames: [])

    @OptionGroup var options: RowChangeOptions

    func run() throws {
        try options.run("chtab")
    }
}

struct TabchCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "tabch", abstract: "Change rows of tables.", helpNames: [])

    @OptionGroup var options: RowChangeOptions

    func run() throws {
        try options.run("tabch")
    }
}

/// The command line of chtab and tabch.
struct RowChangeOptions: ParsableArguments {
    @Flag(name: .short, help: "Remove the rows.") var d = false
    @Flag(name: [.short, .long], help: "Print the version.") var version = false
    @Flag(name: .customLong("version", withSingleDash: true), help: .hidden) var peerVersion = false
    @Flag(name: [.short, .long], help: "Show help.") var help = false
    @Argument(
        help: "COLUMN=VALUE of the rows, then TABLE.COLUMN=VALUE or TABLE.COLUMN+=VALUE; with -d tables.",
        completion: .custom { words, _, prefix in
            TableCompletion.columns(prefix, mark: words.contains("-d") ? nil : "=")
        })
    var words: [String] = []

    func run(_ verb: String) throws {
        if version || peerVersion { return try Console.print("\(verb) Version \(CommandShell.version)") }
        if help { throw UsageFailure(status: 0) }
        guard let first = words.first else { throw UsageFailure() }
        let plan = try PlannedChange.apply { cluster in
            var change = RowChange(cluster, verb)
            if d { return try change.removal(first, Array(words.dropFirst())) }
            return try change.assignment(first, Array(words.dropFirst()))
        }
        if plan.hasErrors { throw CommandFailure([]) }
    }
}

/// Plans what chtab changes. Its errors are on standard output, as scripts expect them.
private struct RowChange {
    private let cluster: Cluster
    private let verb: String
    private var plan = ChangePlan()

    init(_ cluster: Cluster, _ verb: String) {
        self.cluster = cluster
        self.verb = verb
    }

    mutating func removal(_ keys: String, _ tables: [String]) throws -> ChangePlan {
        guard let matches = Self.matches(keys) else { try misused("Incorrect argument \"\(keys)\".") }
        if tables.isEmpty { try misused("Missing table name.") }
        for table in tables {
            guard let schema = TableSchema.named(table) else {
                try Console.print("Table \(table) does not exist.")
                plan.hasErrors = true
                continue
            }
            try check(matches, schema)
            plan.batch.append(.delete(table, matches: matches))
        }
        if plan.hasErrors, plan.batch.isEmpty { throw CommandFailure([]) }
        return plan
    }

    mutating func assignment(_ first: String, _ words: [String]) throws -> ChangePlan {
        var matches: [Cell] = []
        var words = words
        if first.prefix(while: { $0 != "=" }).contains(".") {
            words.insert(first, at: 0)
        } else {
            guard let parsed = Self.matches(first) else { try misused("Incorrect argument \"\(first)\".") }
            matches = parsed
        }
        var changes: [(schema: TableSchema, values: [Cell])] = []
        for word in words {
            let (schema, cell) = try self.cell(word, matches)
            if let index = changes.firstIndex(where: { $0.schema.name == schema.name }) {
                changes[index].values.removeAll { $0.column == cell.column }
                changes[index].values.append(cell)
            } else {
                changes.append((schema, [cell]))
            }
        }
        for (schema, values) in changes {
            if matches.isEmpty {
                plan.batch.append(.insert(schema.name, values: values))
            } else {
                plan.batch.append(.set(schema.name, matches: matches, values: values))
                try warnOfUnknownNode(matches, schema)
            }
        }
        return plan
    }

    /// A row may be made before its group has a member, but a misspelt name gives nobody anything.
    private mutating func warnOfUnknownNode(_ matches: [Cell], _ schema: TableSchema) throws {
        guard schema.name != "nodelist", let column = schema.nodeColumn,
            let name = matches.first(where: { $0.column == column })?.value, name != "xcatdefaults",
            try !cluster.exists(ObjectType.named("node"), name), try !cluster.exists(ObjectType.named("group"), name)
        else { return }
        plan.warn("There is neither a node nor a group '\(name)' yet.")
    }

    /// `TABLE.COLUMN=VALUE`, or `TABLE.COLUMN+=VALUE`, which adds items to the list that is there.
    private mutating func cell(_ word: String, _ matches: [Cell]) throws -> (TableSchema, Cell) {
        let equals = word.firstIndex(of: "=") ?? word.endIndex
        guard let dot = word[..<equals].firstIndex(of: ".") else { try missing(word) }
        let table = String(word[..<dot])
        guard let schema = TableSchema.named(table) else { try missing(table) }
        guard equals != word.endIndex else {
            if verb == "tabch" { throw NodeQuestion.unknown(word) }
            try misused("Incorrect argument \"\(word)\".")
        }
        var column = String(word[word.index(after: dot)..<equals])
        var value = String(word[word.index(after: equals)...])
        let isAdding = column.hasSuffix("+")
        if isAdding { column.removeLast() }
        try check(matches + [Cell(column, "")], schema)
        if isAdding, !matches.isEmpty {
            let current = try cluster.store.rows(schema, matches, includingDisabled: true).first?[column] ?? ""
            plan.batch.append(.expect(table, matches: matches, values: [Cell(column, current)]))
            var items = current.split(separator: ",").map(String.init)
            for item in value.split(separator: ",").map(String.init) where !items.contains(item) { items.append(item) }
            value = items.joined(separator: ",")
        }
        return (schema, Cell(column, TypedValue.stored(value)))
    }

    /// `COLUMN=VALUE,COLUMN=VALUE`, each split at the last `=`; nil when one has none.
    private static func matches(_ text: String) -> [Cell]? {
        var cells: [Cell] = []
        for pair in text.split(separator: ",") {
            guard let equals = pair.lastIndex(of: "="), equals != pair.startIndex else { return nil }
            cells.append(Cell(String(pair[..<equals]), String(pair[pair.index(after: equals)...])))
        }
        return cells.isEmpty ? nil : cells
    }

    private func check(_ cells: [Cell], _ schema: TableSchema) throws {
        for cell in cells where schema.position(of: cell.column) == nil {
            throw CommandFailure([
                Diagnostic(
                    "No column \"\(cell.column)\" in table \"\(schema.name)\"",
                    remedy: "see tabdump -d \(schema.name)")
            ])
        }
    }

    private func missing(_ table: String) throws -> Never {
        try Console.print("Table \(table) does not exist.")
        throw CommandFailure([])
    }

    private func misused(_ problem: String) throws -> Never {
        try Console.print(problem)
        throw UsageFailure()
    }
}
