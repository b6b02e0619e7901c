public import Support
public import SystemPackage

/// Package lists: one or more pkglist (or otherpkglist) files with their includes, expanded to requests.
///
/// Lines are joined with commas, so a comma or a line end separates entries, and so does a blank, except in a group
/// (`@Development Tools`). `#` begins a comment where an entry could begin. Directives, each alone on its line:
///
/// - `#INCLUDE:file#`: that file's lines in this place; a relative name is relative to the *top* list's folder;
/// - `#NEW_INSTALL_LIST#`: what follows, also after the end of an included file, is the next pass;
/// - `#ENV:A=1 B=2#`: variables of this pass.
///
/// `-name` removes a package before the installations of its pass, `--name` after them. Several lists are read one
/// after the other; the pass numbers of each begin at 1 again, as xCAT has it.
public struct Pkglist: Sendable {
    /// How the lists of an attribute are understood.
    public enum Kind: Sendable {
        /// `dir/name` means `name`.
        case packages
        /// `dir/name` means `name` from the folder `dir` of otherpkgdir.
        case others
    }

    private static let depthLimit = 32

    private let kind: Kind
    private let variables: Environment
    private let locate: @Sendable (FilePath) throws(FileError) -> FilePath
    private var requests: [PackageRequest] = []
    /// Lines that look like a directive but are none, for a warning.
    public private(set) var suspicious: [String] = []
    private var pass = 1
    /// Added to every pass number: passes of otherpkglists come after those of pkglists.
    private let passOffset: Int

    private init(
        _ kind: Kind, _ variables: Environment, _ locate: @escaping @Sendable (FilePath) throws(FileError) -> FilePath,
        passOffset: Int
    ) {
        (self.kind, self.variables, self.locate, self.passOffset) = (kind, variables, locate, passOffset)
    }

    public struct Expansion: Sendable, Equatable {
        public var requests: [PackageRequest]
        /// Lines that look like a directive but are none, each as `file:line: text`.
        public var suspicious: [String]
    }

    /// - Parameters:
    ///   - variables: for `$NAME` and `${NAME}` in includes.
    ///   - locate: where on the host an absolute include is.
    ///   - passOffset: added to each pass number.
    /// - Returns: requests by pass, within a pass in the order of the lists, each name once.
    public static func expand(
        _ files: [FilePath], as kind: Kind = .packages, variables: Environment = Environment(),
        passOffset: Int = 0,
        locate: @escaping @Sendable (FilePath) throws(FileError) -> FilePath = { path throws(FileError) in path }
    ) throws(PkglistError) -> Expansion {
        var list = Pkglist(kind, variables, locate, passOffset: passOffset)
        for file in files {
            list.pass = 1
            let text: String
            do {
                text = try file.readText()
            } catch {
                throw error.errno == .noSuchFileOrDirectory ? .notFound(file) : .unreadable(file, error.errno)
            }
            try list.read(text, file, top: file.removingLastComponent(), chain: [file])
        }
        var seen: Set<String> = []
        let unique = list.requests.filter {
            seen.insert("\($0.pass) \($0.operation.rawValue) \($0.repository) \($0.name)").inserted
        }
        let byPass = unique.enumerated().sorted { ($0.element.pass, $0.offset) < ($1.element.pass, $1.offset) }.map(
            \.element)
        return Expansion(requests: byPass, suspicious: list.suspicious)
    }

    /// What the `#ENV:…#` lines of a list set, its includes left out: words, as they stand. Fast for files that are no list.
    public static func variables(inList bytes: [UInt8]) -> [String] {
        guard mayHaveVariables(bytes) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).flatMap { line in
            (value(of: "#ENV:", in: line.trimmingBlanks) ?? "").split(whereSeparator: \.isBlank).map(String.init)
        }
    }

    private static func mayHaveVariables(_ bytes: [UInt8]) -> Bool {
        let directive = Array("#ENV:".utf8)
        return bytes.withUnsafeBufferPointer { text in
            text.indices.dropLast(directive.count - 1).contains { index in
                text[index] == directive[0] && text[index...].starts(with: directive)
            }
        }
    }

    private mutating func read(_ text: String, _ file: FilePath, top: FilePath, chain: [FilePath]) throws(PkglistError)
    {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let place = (file: file, line: index + 1)
            let trimmed = line.trimmingBlanks
            if trimmed.isEmpty { continue }
            if trimmed.hasPrefix("#") {
                try obey(trimmed, place, top: top, chain: chain)
            } else {
                for entry in Self.entries(of: trimmed) { try add(entry, place) }
            }
        }
    }

    private mutating func obey(
        _ line: Substring, _ place: (file: FilePath, line: Int), top: FilePath, chain: [FilePath]
    ) throws(PkglistError) {
        if line.hasPrefix("#NEW_INSTALL_LIST#") {
            pass += 1
        } else if let value = Self.value(of: "#ENV:", in: line) {
            for variable in value.split(whereSeparator: \.isBlank) {
                guard let equals = variable.firstIndex(of: "="), VariableName.isProper(variable[..<equals]) else {
                    throw .badVariable(String(variable), file: place.file, line: place.line)
                }
                append(.environment, String(variable), "", place)
            }
        } else if let value = Self.value(of: "#INCLUDE:", in: line), !value.hasPrefix(" ") {
            try include(expandingVariables(in: value), place, top: top, chain: chain)
        } else if ["#INCLUDE", "#ENV", "#NEW_INSTALL"].contains(where: { line.hasPrefix($0) }) {
            suspicious.append("\(place.file.printable):\(place.line): \(line)")
        }
    }

    private mutating func include(
        _ name: String, _ place: (file: FilePath, line: Int), top: FilePath, chain: [FilePath]
    ) throws(PkglistError) {
        let named = FilePath(name)
        let path: FilePath
        do {
            path = named.isAbsolute ? try locate(named) : top.joined(named)
        } catch {
            throw .includeUnreadable(named, file: place.file, line: place.line, error.errno)
        }
        let identity = (try? path.resolved()) ?? path
        guard !chain.contains(where: { ((try? $0.resolved()) ?? $0) == identity }) else {
            throw .includeLoop(path, file: place.file, line: place.line)
        }
        guard chain.count < Self.depthLimit else { throw .includesTooDeep(file: place.file, line: place.line) }
        let text: String
        do {
            text = try path.readText()
        } catch {
            throw error.errno == .noSuchFileOrDirectory
                ? .includeNotFound(path, file: place.file, line: place.line)
                : .includeUnreadable(path, file: place.file, line: place.line, error.errno)
        }
        try read(text, path, top: top, chain: chain + [path])
    }

    private mutating func add(_ entry: Substring, _ place: (file: FilePath, line: Int)) throws(PkglistError) {
        var name = entry
        var operation = PackageRequest.Operation.install
        if name.hasPrefix("--") {
            operation = .removeAfter
            name = name.dropFirst(2)
        } else if name.hasPrefix("-") {
            operation = .remove
            name = name.dropFirst()
        }
        var repository = ""
        if !name.hasPrefix("@"), let slash = name.lastIndex(of: "/") {
            if kind == .others { repository = String(name[..<slash]) }
            name = name[name.index(after: slash)...]
        }
        guard !name.isEmpty, !name.hasPrefix("-"), !repository.split(separator: "/").contains("..") else {
            throw .badName(String(entry), file: place.file, line: place.line)
        }
        append(operation, String(name), repository, place)
    }

    private mutating func append(
        _ operation: PackageRequest.Operation, _ name: String, _ repository: String,
        _ place: (file: FilePath, line: Int)
    ) {
        requests.append(
            PackageRequest(
                pass: pass + passOffset, operation: operation, name: name, repository: repository, file: place.file,
                line: place.line))
    }

    private func expandingVariables(in text: Substring) -> String {
        var result = ""
        var rest = text
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let isBraced = rest.hasPrefix("{")
            if isBraced { rest = rest.dropFirst() }
            let name = rest.prefix { $0 == "_" || ($0.isASCII && ($0.isLetter || $0.isNumber)) }
            rest = rest[name.endIndex...]
            if isBraced, rest.hasPrefix("}") { rest = rest.dropFirst() }
            result += variables.text(String(name)) ?? ""
        }
        return result + rest
    }
}

extension Pkglist {
    /// Entries of a line that is no comment.
    static func entries(of line: Substring) -> [Substring] {
        var entries: [Substring] = []
        var rest = line
        while true {
            rest = rest.drop { $0.isBlank || $0 == "," }
            if rest.isEmpty || rest.hasPrefix("#") { return entries }
            let end =
                rest.hasPrefix("@")
                ? endOfGroup(in: rest) : rest.firstIndex { $0.isBlank || $0 == "," } ?? rest.endIndex
            entries.append(rest[..<end].trimmingBlanks)
            rest = rest[end...]
        }
    }

    /// The names of groups have blanks: a group goes on to the next comma, or to a comment.
    private static func endOfGroup(in text: Substring) -> Substring.Index {
        var previous: Character = "@"
        return text.firstIndex { character in
            defer { previous = character }
            return character == "," || (character == "#" && previous.isBlank)
        } ?? text.endIndex
    }

    /// `value` of `#KEY:value#`.
    private static func value(of key: String, in line: Substring) -> Substring? {
        guard line.hasPrefix(key) else { return nil }
        let rest = line.dropFirst(key.count)
        return rest.lastIndex(of: "#").map { rest[..<$0] }
    }
}

extension Character {
    fileprivate var isBlank: Bool { self == " " || self == "\t" }
}

extension Substring {
    fileprivate var trimmingBlanks: Substring {
        let start = drop { $0.isBlank }
        guard let last = start.lastIndex(where: { !$0.isBlank }) else { return start }
        return start[...last]
    }
}
