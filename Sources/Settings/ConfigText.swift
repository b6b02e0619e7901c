public import Support

/// Configuration text in Git's syntax (git-config(1), "Syntax"): sections, subsections, values with quotes and escapes.
///
/// `include` is not followed: a site file must not pull in others.
public struct ConfigText: Sendable, Equatable {
    /// One setting. `key` is `section.name` or `section.subsection.name`; section and name are lower case.
    public struct Entry: Sendable, Equatable {
        public var key: String
        /// nil for a bare name, which means true.
        public var value: String?
        /// Where it was set, e.g. `/etc/catboat/config:3`.
        public var origin: String
    }

    public private(set) var entries: [Entry] = []

    /// - Parameter name: of the file, for origins and errors.
    public init(_ text: String, name: String) throws(ConfigError) {
        var parser = ConfigParser(text, name: name)
        entries = try parser.parse()
    }
}

/// Why configuration could not be read.
public enum ConfigError: Diagnosable, Equatable {
    case syntax(String, line: Int)
    case badSetting(String)
    case notAllowed(key: String, origin: String)
    case notANumber(key: String, value: String, origin: String)
    case notABoolean(key: String, value: String, origin: String)

    public var diagnostic: Diagnostic {
        switch self {
        case .syntax(let name, let line):
            Diagnostic(
                "configuration line is not understood", subject: "\(name):\(line)", remedy: "see catboat-config(5)")
        case .badSetting(let text):
            Diagnostic("not a setting", subject: text, remedy: "give -c section.name=value")
        case .notAllowed(let key, let origin):
            Diagnostic(
                "setting is not allowed here", subject: "\(origin): \(key)", remedy: "move it to /etc/catboat/config")
        case .notANumber(let key, let value, let origin):
            Diagnostic("setting is not a number", subject: "\(key)=\(value)", remedy: "correct it in \(origin)")
        case .notABoolean(let key, let value, let origin):
            Diagnostic(
                "setting is neither true nor false", subject: "\(key)=\(value)", remedy: "correct it in \(origin)")
        }
    }
}

private struct ConfigParser {
    private let characters: [Character]
    private let name: String
    private var position = 0
    private var line = 1
    private var section: String?

    init(_ text: String, name: String) {
        characters = Array(text)
        self.name = name
    }

    mutating func parse() throws(ConfigError) -> [ConfigText.Entry] {
        var entries: [ConfigText.Entry] = []
        while let character = next() {
            if character.isNewline || character.isWhitespace { continue }
            switch character {
            case "#", ";": skipLine()
            case "[": section = try sectionHeader()
            default:
                guard character.isLetter, let section else { throw .syntax(name, line: line) }
                let start = line
                let (key, value) = try setting(from: character)
                entries.append(.init(key: "\(section).\(key)", value: value, origin: "\(name):\(start)"))
            }
        }
        return entries
    }

    private var peek: Character? { position < characters.count ? characters[position] : nil }

    private mutating func next() -> Character? {
        guard let character = peek else { return nil }
        position += 1
        if character.isNewline { line += 1 }
        return character
    }

    private mutating func skipLine() {
        while let character = next(), !character.isNewline {}
    }

    private mutating func sectionHeader() throws(ConfigError) -> String {
        let start = line
        var result = ""
        while let character = next(), character != "]" {
            if character == " " || character == "\t" {
                return result.lowercased() + "." + (try subsection(start))
            }
            guard character.isLetter || character.isNumber || character == "-" || character == "." else {
                throw .syntax(name, line: start)
            }
            result.append(character)
        }
        guard !result.isEmpty, characters[position - 1] == "]" else { throw .syntax(name, line: start) }
        return result.lowercased()
    }

    private mutating func subsection(_ start: Int) throws(ConfigError) -> String {
        while peek == " " || peek == "\t" { position += 1 }
        guard next() == "\"" else { throw .syntax(name, line: start) }
        var result = ""
        while let character = next() {
            if character == "\"" {
                guard next() == "]" else { throw .syntax(name, line: start) }
                return result
            }
            guard !character.isNewline else { throw .syntax(name, line: start) }
            if character == "\\" {
                guard let escaped = next() else { throw .syntax(name, line: start) }
                result.append(escaped)
            } else {
                result.append(character)
            }
        }
        throw .syntax(name, line: start)
    }

    private mutating func setting(from first: Character) throws(ConfigError) -> (String, String?) {
        let start = line
        var key = String(first)
        while let character = peek, character.isLetter || character.isNumber || character == "-" {
            key.append(character)
            position += 1
        }
        while peek == " " || peek == "\t" { position += 1 }
        guard let separator = next(), !separator.isNewline else { return (key.lowercased(), nil) }
        if separator == "#" || separator == ";" {
            skipLine()
            return (key.lowercased(), nil)
        }
        guard separator == "=" else { throw .syntax(name, line: start) }
        return (key.lowercased(), try value(start))
    }

    private mutating func value(_ start: Int) throws(ConfigError) -> String {
        var result = ""
        var pendingBlanks = ""
        var isQuoted = false
        while peek == " " || peek == "\t" { position += 1 }
        while let character = next() {
            if character.isNewline {
                guard !isQuoted else { throw .syntax(name, line: start) }
                return result
            }
            if !isQuoted, character == "#" || character == ";" {
                skipLine()
                return result
            }
            if !isQuoted, character == " " || character == "\t" {
                pendingBlanks.append(character)
                continue
            }
            result += pendingBlanks
            pendingBlanks = ""
            switch character {
            case "\"": isQuoted.toggle()
            case "\\":
                switch next() {
                case "n": result.append("\n")
                case "t": result.append("\t")
                case "b": result.append("\u{8}")
                case "\"": result.append("\"")
                case "\\": result.append("\\")
                case let character? where character.isNewline: break
                default: throw .syntax(name, line: start)
                }
            default: result.append(character)
            }
        }
        guard !isQuoted else { throw .syntax(name, line: start) }
        return result
    }
}
