/// Every command that exists: the one list behind dispatch, `help -a`, the manual's index and completion.
public enum CommandList {
    /// Who a command is for, which decides its folder and how it reports errors.
    public enum Class: String, Sendable {
        /// A name that xCAT's users type, installed in `bin`: errors as `Error: …`, exit 1.
        case porcelain
        /// A verb of `catboat` only.
        case umbrella
        /// For programs, installed in `libexec/catboat`: exit 128 for an error, 129 for wrong usage.
        case plumbing
    }

    /// Which executable holds a command; they differ in the libraries they load.
    public enum Executable: String, Sendable, CaseIterable {
        case main = "catboat"
        case media = "catboat-media"
        case history = "catboat-history"
    }

    public struct Entry: Sendable, Equatable {
        public var name: String
        public var commandClass: Class
        public var executable: Executable
        /// Operands and options as in the manual page, without the name.
        public var synopsis: String
        /// One line, no full stop.
        public var summary: String

        init(_ name: String, _ commandClass: Class, _ executable: Executable, _ synopsis: String, _ summary: String) {
            self.name = name
            self.commandClass = commandClass
            self.executable = executable
            self.synopsis = synopsis
            self.summary = summary
        }
    }

    /// Sorted by name.
    public static let entries: [Entry] = (mainEntries + plumbingEntries).sorted { $0.name < $1.name }

    public static func entry(named name: String) -> Entry? { entries.first { $0.name == name } }

    /// Names that a mistyped `name` may have meant, nearest first; at most three.
    public static func similar(to name: String) -> [String] {
        let near = entries.map { (distance($0.name, name), $0.name) }
        let limit = max(2, name.count / 3)
        return near.filter { $0.0 <= limit || (name.count > 2 && $0.1.hasPrefix(name)) }.sorted { $0 < $1 }.prefix(3)
            .map(\.1)
    }

    /// Damerau–Levenshtein distance without repeated edits of one place.
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left), Array(right))
        var rows = [Array(0...right.count)]
        for row in 1..<(left.count + 1) {
            var line = [row]
            for column in 1..<(right.count + 1) {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                var best = min(rows[row - 1][column] + 1, line[column - 1] + 1, rows[row - 1][column - 1] + cost)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, rows[row - 2][column - 2] + 1)
                }
                line.append(best)
            }
            rows.append(line)
        }
        return rows[left.count][right.count]
    }
}
