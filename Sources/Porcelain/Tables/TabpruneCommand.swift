internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

#if canImport(Glibc)
    internal import Glibc
#endif

struct TabpruneCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "tabprune", abstract: "Remove old records of a log.", helpNames: [])

    @Flag(name: .short, help: "All records.") var a = false
    @Option(name: .short, parsing: .unconditional, help: "This many of the oldest.") var n: Int?
    @Option(name: .short, parsing: .unconditional, help: "This percentage, the oldest.") var p: Int?
    @Option(name: .short, parsing: .unconditional, help: "Those with a lower recid.") var i: Int?
    @Option(name: .short, parsing: .unconditional, help: "Those older than this many days.") var d: Int?
    @Flag(name: [.customShort("V"), .customLong("verbose")], help: "Print the records.") var verbose = false
    @Flag(name: [.short, .long], help: "Print the version.") var version = false
    @Flag(name: [.short, .long], help: "Show help.") var help = false
    @Argument(help: "auditlog or eventlog.", completion: .list(["auditlog", "eventlog"])) var table: String?

    func run() throws {
        if help { throw UsageFailure(status: 0) }
        if version { return try Console.print("Version \(CommandShell.version)") }
        guard let table else { try fail("Table name required.") }
        guard let schema = TableSchema.named(table), schema.isNumbered else {
            try fail("Table \(table) not supported, see tabprune -h for supported tables.")
        }
        let given = [a, n != nil, p != nil, i != nil, d != nil].filter { $0 }.count
        if given == 0 { try fail("One option -p or -i or -n or -a or -d must be supplied.") }
        if given > 1 { try fail("Only one option -p or -i or -n or -a maybe used at a time.") }
        for (option, number) in [("-n", n), ("-p", p), ("-i", i), ("-d", d)] {
            guard let number else { continue }
            if number < 0 { try fail("The number \(number) of \(option) must not be negative.") }
            if option == "-p", number > 100 { try fail("The percentage \(number) of -p must not be over 100.") }
            // More days than that are no date any more.
            if option == "-d", number > 365_000 { try fail("The number \(number) of -d is too large.") }
        }
        let rows = try Cluster.open().store.rows(schema, includingDisabled: true)
        let old = pruned(rows)
        guard !old.isEmpty else { return try Console.print("Nothing to prune from \(table).") }
        try TableRestoring.apply(
            TableBatch(old.map { .delete(table, matches: [Cell("recid", $0["recid"] ?? "")]) }))
        if verbose {
            try Console.write(TableCSV(schema, old).text.utf8)
        } else {
            try Console.print("tabprune of \(table) complete.")
        }
    }

    private func fail(_ text: String) throws -> Never {
        try Console.print(text)
        throw CommandFailure([])
    }

    private func pruned(_ rows: [Row]) -> [Row] {
        if a { return rows }
        if let n { return Array(rows.prefix(max(0, n))) }
        if let p { return Array(rows.prefix(rows.count * min(100, max(0, p)) / 100)) }
        if let i { return rows.filter { Int($0["recid"] ?? "") ?? 0 < i } }
        let limit = Self.date(daysAgo: d ?? 0)
        return rows.filter { Self.sortable($0["audittime"] ?? $0["eventtime"] ?? "") < limit }
    }

    /// `YYYY-MM-DD HH:MM:SS` of that many days ago.
    private static func date(daysAgo days: Int) -> String {
        var seconds = time(nil) - days * 86400
        var parts = tm()
        localtime_r(&seconds, &parts)
        func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }

    /// Logs write `MM-DD-YYYY HH:MM:SS`, or year first.
    private static func sortable(_ text: String) -> String {
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        let date = (parts.first ?? "").split(separator: "-").map(String.init)
        guard date.count == 3, date[2].count == 4 else { return text }
        return "\(date[2])-\(date[0])-\(date[1]) \(parts.count > 1 ? parts[1] : "")"
    }
}
