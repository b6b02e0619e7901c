internal import FoundationEssentials
internal import Support
public import SystemPackage

/// One command that xCAT ran and what it printed: a line of a recording in Tests/Golden/peer.
public struct GoldenRecord: Decodable, Sendable {
    public var argv: [String]
    public var stdin: String?
    public var env: [String: String]?
    public var note: String?
    public var rc: Int32
    public var stdout: String
    public var stderr: String
    /// `copycds/commands.jsonl:3`.
    public var place: String = ""

    private enum CodingKeys: String, CodingKey { case argv, stdin, env, note, rc, stdout, stderr }

    /// A record of another form, made one of this.
    public init(argv: [String], rc: Int32, stdout: String, stderr: String, place: String) {
        (self.argv, self.rc, self.stdout, self.stderr, self.place) = (argv, rc, stdout, stderr, place)
    }

    /// The folder of the recordings.
    public static let folder = Catboat.projectFolder.joined("Tests/Golden/peer")

    /// The lines of a recording, e.g. `copycds/commands.jsonl`.
    public static func records(of name: String) throws -> [GoldenRecord] {
        let text = try folder.joined(name).readText(limit: 64 << 20)
        return try text.split(separator: "\n").enumerated().map { number, line in
            var record = try JSONDecoder().decode(GoldenRecord.self, from: Data(line.utf8))
            record.place = "\(name):\(number + 1)"
            return record
        }
    }

    /// Without the server's name, which only a daemon has, and without the progress meter, which only a terminal gets.
    private static func plain(_ text: String) -> String {
        text.replacing("[mgt]: ", with: "").replacing("<progress>", with: "")
    }

    /// What ours must print: the recording, changed where Tests/Golden/differences says so, with its reason.
    public func expected(_ differences: GoldenDifferences) -> Catboat.Result {
        let difference = differences[place]
        return Catboat.Result(
            status: difference?["rc"].flatMap { Int32($0.dropLast()) } ?? rc,
            stdout: difference?["stdout"] ?? Self.plain(stdout),
            stderr: difference?["stderr"] ?? Self.plain(stderr))
    }
}

/// Tests/Golden/differences: where ours is meant to differ from the recording of xCAT.
///
/// An entry begins with the place of the record in brackets. `why` gives the reason; `rc`, `stdout` and `stderr` what
/// ours says instead, on the following lines, each after a tab.
public struct GoldenDifferences: Sendable {
    private var entries: [String: [String: String]] = [:]
    /// Places in order.
    public private(set) var places: [String] = []

    public init() throws {
        try self.init(text: Catboat.projectFolder.joined("Tests/Golden/differences").readText())
    }

    public init(text: String) {
        var place = ""
        var field = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
                place = String(line[line.index(after: line.startIndex)..<end])
                places.append(place)
                entries[place] = [:]
            } else if line.hasPrefix("\t") {
                entries[place, default: [:]][field, default: ""] += line.dropFirst() + "\n"
            } else if !line.hasPrefix("#"), !line.isEmpty {
                field = String(line.prefix { $0 != " " && $0 != "\t" })
                let rest = line.dropFirst(field.count).drop { $0 == " " }
                entries[place, default: [:]][field] = rest.isEmpty ? "" : rest + "\n"
            }
        }
    }

    public subscript(place: String) -> [String: String]? { entries[place] }
}
