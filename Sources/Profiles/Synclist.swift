public import Support
public import SystemPackage

/// A list of files to synchronise, in the syntax that catboat-synclist(5) describes.
public struct Synclist: Sendable, Equatable {
    /// What a line asks for.
    public enum Action: String, Sendable {
        case copy, append, merge
        /// A script that runs on a node when its file changed there.
        case execute
        case executeAlways = "execute-always"
    }

    public struct Entry: Sendable, Equatable {
        public var action: Action
        /// Absolute paths, perhaps with wildcards; the script for `execute`.
        public var sources: [[UInt8]]
        /// Absolute; empty for scripts.
        public var destination: [UInt8]
        /// Written in parentheses before the destination: only these nodes.
        public var noderange: String?
        public var file: FilePath
        /// From 1.
        public var line: Int
    }

    public private(set) var entries: [Entry] = []

    /// Reads a list.
    ///
    /// - Parameter variables: what `$NAME` and `${NAME}` stand for: environvar of the osimage.
    public init(_ file: FilePath, variables: [String: String] = [:]) throws(SynclistError) {
        let bytes: [UInt8]
        do {
            bytes = try file.readBytes()
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw .unreadable(error) }
            throw .notFound(file)
        }
        var clause = Action.copy
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            let place = SynclistError.Place(file: file, line: index + 1)
            let text = Self.trimmed(Array(line))
            if text.isEmpty || text.first == UInt8(ascii: "#") { continue }
            if let next = Self.clause(text) {
                clause = next
                continue
            }
            entries.append(try Self.entry(text, clause, place, variables))
        }
    }

    private static func clause(_ text: [UInt8]) -> Action? {
        switch String(decoding: text, as: UTF8.self) {
        case "EXECUTE:": .execute
        case "EXECUTEALWAYS:": .executeAlways
        case "APPEND:": .append
        case "MERGE:": .merge
        default: nil
        }
    }

    private static func entry(
        _ text: [UInt8], _ clause: Action, _ place: SynclistError.Place, _ variables: [String: String]
    ) throws(SynclistError) -> Entry {
        let words = text.split { isBlank($0) }.map { Array($0) }
        guard let arrow = words.firstIndex(of: Array("->".utf8)) else {
            guard clause == .execute || clause == .executeAlways, words.count == 1 else { throw .noArrow(place) }
            let script = try expanded(words[0], place, variables)
            return Entry(action: clause, sources: [script], destination: [], file: place.file, line: place.line)
        }
        var right = Array(words[(arrow + 1)...])
        var noderange: String?
        if let first = right.first, first.first == UInt8(ascii: "("),
            let end = right.firstIndex(where: { $0.last == UInt8(ascii: ")") })
        {
            let inner = right[...end].joined(separator: [0x20]).dropFirst().dropLast()
            noderange = String(decoding: inner, as: UTF8.self)
            right.removeFirst(end + 1)
        }
        guard arrow > 0, right.count == 1 else { throw .noDestination(place) }
        var sources: [[UInt8]] = []
        for word in words[..<arrow] {
            let source = try expanded(word, place, variables)
            guard source.first == UInt8(ascii: "/") else { throw .notAbsolute(source, place) }
            sources.append(source)
        }
        var destination = try expanded(right[0], place, variables)
        while destination.last == UInt8(ascii: ";") { destination.removeLast() }
        guard destination.first == UInt8(ascii: "/") else { throw .notAbsolute(destination, place) }
        guard !destination.split(separator: UInt8(ascii: "/")).contains(Array("..".utf8)[...]) else {
            throw .climbs(destination, place)
        }
        // Scripts have no arrow, so a line with one is a copy, also after EXECUTE:.
        let action = clause == .execute || clause == .executeAlways ? .copy : clause
        if action != .copy, sources.count != 1 { throw .severalSources(place) }
        return Entry(
            action: action, sources: sources, destination: destination, noderange: noderange, file: place.file,
            line: place.line)
    }

    /// `$NAME` and `${NAME}` replaced.
    private static func expanded(
        _ word: [UInt8], _ place: SynclistError.Place, _ variables: [String: String]
    ) throws(SynclistError) -> [UInt8] {
        var result: [UInt8] = []
        var rest = word[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "$") else {
                result.append(byte)
                continue
            }
            let isBraced = rest.first == UInt8(ascii: "{")
            if isBraced { rest.removeFirst() }
            let name = rest.prefix { isNameByte($0) }
            rest = rest.dropFirst(name.count)
            if isBraced, rest.popFirst() != UInt8(ascii: "}") {
                throw .unknownVariable(String(decoding: name, as: UTF8.self), place)
            }
            guard let value = variables[String(decoding: name, as: UTF8.self)] else {
                throw .unknownVariable(String(decoding: name, as: UTF8.self), place)
            }
            result += value.utf8
        }
        return result
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }

    private static func trimmed(_ line: [UInt8]) -> [UInt8] {
        Array(line.drop { isBlank($0) }.reversed().drop { isBlank($0) }.reversed())
    }
}

/// Why a synclist cannot be read.
public enum SynclistError: Diagnosable, Equatable {
    /// A line of a list.
    public struct Place: Equatable, Sendable, CustomStringConvertible {
        public var file: FilePath
        public var line: Int

        public init(file: FilePath, line: Int) {
            self.file = file
            self.line = line
        }

        public var description: String { "\(file.printable):\(line)" }
    }

    case notFound(FilePath)
    case unreadable(FileError)
    case noArrow(Place)
    case noDestination(Place)
    case notAbsolute([UInt8], Place)
    case climbs([UInt8], Place)
    case severalSources(Place)
    case unknownVariable(String, Place)

    public var diagnostic: Diagnostic {
        switch self {
        case .notFound(let file):
            Diagnostic(
                "synclist not found", subject: file.printable, remedy: "create it, or change synclists of the osimage")
        case .unreadable(let error): error.diagnostic
        case .noArrow(let place):
            Diagnostic(
                "line of a synclist without ->", subject: "\(place)", remedy: "write it as SOURCE -> DESTINATION")
        case .noDestination(let place):
            Diagnostic(
                "line of a synclist without one destination", subject: "\(place)",
                remedy: "write it as SOURCE -> DESTINATION")
        case .notAbsolute(let path, let place):
            Diagnostic(
                "path of a synclist is not absolute", subject: String(decoding: path, as: UTF8.self),
                remedy: "correct \(place)")
        case .climbs(let path, let place):
            Diagnostic(
                "destination of a synclist has ..", subject: String(decoding: path, as: UTF8.self),
                remedy: "correct \(place)")
        case .severalSources(let place):
            Diagnostic("clause takes one source a line", subject: "\(place)", remedy: "write one line for each source")
        case .unknownVariable(let name, let place):
            Diagnostic("variable of a synclist is not set", subject: name, remedy: "set it in environvar: \(place)")
        }
    }
}
