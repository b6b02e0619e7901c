public import Support
public import SystemPackage

/// Exclude lists: which paths of a root image are left out when it is packed. See catboat-exlist(5).
///
/// The order of lines does not matter: a path is left out when a pattern matches it and no re-including (`+`) one does.
public struct Exlist: Sendable, Equatable {
    public struct Rule: Sendable, Equatable {
        public var pattern: PathPattern
        /// Re-includes what it matches.
        public var isInclude: Bool
        /// Made from a pattern that ends with `/`: matches directories only.
        public var isDirectoryOnly: Bool
    }

    /// A pattern that cannot match, because all paths begin with `./`.
    public struct Idle: Sendable, Equatable {
        public var pattern: [UInt8]
        public var file: FilePath
        public var line: Int
    }

    public private(set) var rules: [Rule] = []
    public private(set) var idle: [Idle] = []

    public init() {}

    /// Adds one pattern, e.g. `./usr/share/doc/*`.
    public mutating func add(_ pattern: [UInt8], isInclude: Bool) {
        guard pattern.count > 2, pattern.last == UInt8(ascii: "/") else {
            rules.append(Rule(pattern: PathPattern(pattern), isInclude: isInclude, isDirectoryOnly: false))
            return
        }
        // A directory with all that is in it.
        let bare = Array(pattern.reversed().drop { $0 == UInt8(ascii: "/") }.reversed())
        rules.append(Rule(pattern: PathPattern(bare), isInclude: isInclude, isDirectoryOnly: true))
        rules.append(
            Rule(pattern: PathPattern(bare + Array("/*".utf8)), isInclude: isInclude, isDirectoryOnly: false))
    }

    /// Reads a list with what it includes.
    ///
    /// - Parameter host: where an absolute path of an `#INCLUDE:…#` is on this machine. Relative ones are beside `file`.
    public mutating func read(
        _ file: FilePath, host: (FilePath) throws(FileError) -> FilePath = { $0 }
    ) throws(ExlistError) {
        try read(file, top: file.removingLastComponent(), stack: [], host: host)
    }

    private mutating func read(
        _ file: FilePath, top: FilePath, stack: [ExlistError.Place], host: (FilePath) throws(FileError) -> FilePath
    ) throws(ExlistError) {
        let bytes: [UInt8]
        do {
            bytes = try file.readBytes()
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw .unreadable(error) }
            throw .notFound(file, includedAt: stack.last)
        }
        let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let place = ExlistError.Place(file: file, line: index + 1)
            switch ExlistLine(Array(line)) {
            case .nothing: break
            case .include(let name):
                var included = FilePath(bytes: name)
                if included.isAbsolute {
                    do { included = try host(included) } catch { throw .unreadable(error) }
                } else {
                    included = top.joined(included)
                }
                guard included != file, !stack.contains(where: { $0.file == included }) else {
                    throw .includeLoop(place)
                }
                try read(included, top: top, stack: stack + [place], host: host)
            case .pattern(let pattern, let isInclude):
                add(pattern, isInclude: isInclude)
                if !Self.canMatch(pattern) { idle.append(Idle(pattern: pattern, file: file, line: index + 1)) }
            }
        }
    }

    /// Whether the path is left out.
    ///
    /// - Parameter path: with the leading `./`, or `.` for the top.
    public func excludes(_ path: UnsafeBufferPointer<UInt8>, isDirectory: Bool) -> Bool {
        var isExcluded = false
        for rule in rules {
            if isExcluded, !rule.isInclude { continue }
            if rule.isDirectoryOnly, !isDirectory { continue }
            if rule.pattern.matches(path) {
                if rule.isInclude { return false }
                isExcluded = true
            }
        }
        return isExcluded
    }

    private static func canMatch(_ pattern: [UInt8]) -> Bool {
        switch pattern.first {
        case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["): true
        case UInt8(ascii: "."): pattern.count == 1 || pattern.count > 2 && pattern[1] != UInt8(ascii: ".")
        default: false
        }
    }
}

/// What one line of an exclude list says.
enum ExlistLine: Equatable {
    case nothing
    case include([UInt8])
    case pattern([UInt8], isInclude: Bool)

    init(_ line: [UInt8]) {
        let bare = Self.trimmed(line[...])
        let directive = Array("#INCLUDE:".utf8)
        if bare.starts(with: directive) {
            let name = bare.dropFirst(directive.count).prefix { $0 != UInt8(ascii: "#") }
            let isClosed = bare.dropFirst(directive.count + name.count).first == UInt8(ascii: "#")
            self = isClosed ? .include(Array(Self.trimmed(name))) : .nothing
            return
        }
        var pattern = Self.unquoted(Self.trimmed(Self.withoutComment(bare)[...]))
        var isInclude = false
        if let sign = pattern.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            isInclude = sign == UInt8(ascii: "+")
            pattern = Self.unquoted(Self.trimmed(pattern.dropFirst()))
        }
        self = pattern.isEmpty ? .nothing : .pattern(Array(pattern), isInclude: isInclude)
    }

    /// The text before `#`; `\#` stands for the character itself.
    private static func withoutComment(_ line: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        for byte in line {
            if byte == UInt8(ascii: "#") {
                guard result.last == UInt8(ascii: "\\") else { break }
                result.removeLast()
            }
            result.append(byte)
        }
        return result
    }

    /// Without blanks around it, nor the carriage return of a CRLF line.
    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
        let start = text.drop(while: isBlank)
        let count = start.reversed().drop(while: isBlank).count
        return start.prefix(count)
    }

    /// Without a pair of quotes around the whole.
    private static func unquoted(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.count > 1, let first = text.first, first == text.last,
            first == UInt8(ascii: "\"") || first == UInt8(ascii: "'")
        else { return text }
        return text.dropFirst().dropLast()
    }
}

/// Why an exclude list cannot be read.
public enum ExlistError: Diagnosable, Equatable {
    /// A line of a list.
    public struct Place: Equatable, Sendable {
        public var file: FilePath
        public var line: Int

        public init(file: FilePath, line: Int) {
            self.file = file
            self.line = line
        }
    }

    case notFound(FilePath, includedAt: Place?)
    case includeLoop(Place)
    case unreadable(FileError)

    public var diagnostic: Diagnostic {
        switch self {
        case .notFound(let file, nil):
            Diagnostic(
                "exclude list not found", subject: file.printable, remedy: "create it, or change exlist of the osimage")
        case .notFound(let file, let place?):
            Diagnostic(
                "included exclude list not found", subject: file.printable,
                remedy: "create it, or remove the #INCLUDE in \(place.file.printable):\(place.line)")
        case .includeLoop(let place):
            Diagnostic(
                "exclude list includes itself", subject: "\(place.file.printable):\(place.line)",
                remedy: "remove that #INCLUDE")
        case .unreadable(let error): error.diagnostic
        }
    }
}
