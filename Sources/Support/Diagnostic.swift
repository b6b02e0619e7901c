/// One problem, told to a person: what is wrong, which object or path, what to do about it.
///
/// Printed as `problem: 'subject': remedy`. The parts are plain text without a trailing full stop; control
/// characters in them (hostile file names, output of other programs) are escaped when printed.
public struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
    public var problem: String
    public var subject: String?
    public var remedy: String?

    public init(_ problem: String, subject: String? = nil, remedy: String? = nil) {
        self.problem = problem
        self.subject = subject
        self.remedy = remedy
    }

    public var description: String {
        guard let remedy else { return statement }
        // Sentences of xCAT end with a full stop.
        let statement = statement.hasSuffix(".") ? String(statement.dropLast()) : statement
        return "\(statement): \(Self.escaped(remedy, keepingNewlines: true))"
    }

    /// Problem and subject, without the remedy.
    public var statement: String {
        let problem = Self.escaped(problem, keepingNewlines: true)
        guard let subject else { return problem }
        return "\(problem): '\(Self.escaped(subject, keepingNewlines: false))'"
    }

    /// `text` with control characters as `\xHH…`, so that a file name cannot move the cursor or forge a line.
    public static func escaped(_ text: String, keepingNewlines: Bool) -> String {
        guard text.unicodeScalars.contains(where: { isControl($0) && !(keepingNewlines && $0 == "\n") }) else {
            return text
        }
        var result = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar), !(keepingNewlines && (scalar == "\n" || scalar == "\t")) {
                let hex = String(scalar.value, radix: 16)
                result += scalar == "\n" ? "\\n" : "\\x" + (hex.count < 2 ? "0" + hex : hex)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Also what changes the order of letters, ends lines or cannot be seen.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x2069, 0xfeff: true
        default: false
        }
    }
}

/// An error that can say what is wrong, with which object, and what to do.
public protocol Diagnosable: Error, CustomStringConvertible {
    var diagnostic: Diagnostic { get }
}

extension Diagnosable {
    public var description: String { diagnostic.description }
}
