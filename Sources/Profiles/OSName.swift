/// The name of an operating system release as osvers holds it, e.g. `rhels8.5.0`, `debian12.5.0`, `centos-stream9`.
///
/// It knows the names that profile files may carry for it; see `ProfileSearch`.
public struct OSName: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { text }

    /// The names whose files fit, most specific first: `rhels8.5.0` → rhels8.5.0, rhels8.5, rhels8.4 … rhels8.0, rhels8.
    ///
    /// What follows a dash does not count. A component with a leading zero (`ubuntu22.04`) is no number: it ends the list.
    public var searchList: [String] {
        var parts = (text.split(separator: "-").first ?? "").split(separator: ".", omittingEmptySubsequences: false)
            .map(String.init)
        var names: [String] = []
        while parts.count > 1, let last = parts.last {
            let stem = parts.dropLast().joined(separator: ".")
            guard let number = Int(last), !last.hasPrefix("0") || last == "0", number < 1000 else {
                names.append(parts.joined(separator: "."))
                return names + leapFallback
            }
            for candidate in stride(from: number, through: 0, by: -1) {
                if candidate < 10, last.count > 1 { names.append("\(stem).0\(candidate)") }
                names.append("\(stem).\(candidate)")
            }
            parts.removeLast()
        }
        return names + parts + leapFallback
    }

    /// openSUSE Leap 15 takes what SLE 15 has.
    private var leapFallback: [String] { text.hasPrefix("leap15") ? ["sle15"] : [] }

    /// The name for a whole major version: `rhels8` of `rhels8.5.0`, `ubuntu22` of `ubuntu22.04`.
    public var generic: String {
        let stem = String(text.prefix { $0 != "." })
        guard stem.hasPrefix("rh"), let mark = stem.lastIndex(of: "s") else { return stem }
        let digits = stem[stem.index(after: mark)...].prefix { $0.isASCII && $0.isNumber }
        return digits.isEmpty ? stem : "rhels\(digits)"
    }

    /// The name without its last dotted part; nil when there is none.
    public var withoutLastPart: OSName? {
        text.lastIndex(of: ".").map { OSName(String(text[..<$0])) }
    }

    /// Letters and dashes, the major version, what follows the first dot: `centos-stream`, `8`, nil.
    public var parts: (base: String, major: String, minor: String?) {
        let base = text.prefix { $0.isLetter || $0 == "-" }
        let rest = text.dropFirst(base.count)
        let major = rest.prefix { $0.isASCII && $0.isNumber }
        let minor = rest.dropFirst(major.count)
        guard minor.first == "." else { return (String(base), String(major), nil) }
        let digits = minor.dropFirst().prefix { $0.isASCII && $0.isNumber }
        return (String(base), String(major), digits.isEmpty ? nil : String(digits))
    }

    /// Whether Ubuntu's installer of this release is subiquity (20.04 and later).
    var hasSubiquity: Bool {
        guard text.hasPrefix("ubuntu") else { return false }
        let numbers = text.dropFirst(6).split(separator: ".").prefix(2).map { Int($0) ?? 0 }
        return (numbers.first ?? 0) >= 20
    }
}
