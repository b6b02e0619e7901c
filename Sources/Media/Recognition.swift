public import Support

/// What an install medium is.
public struct Recognised: Hashable, Sendable, Codable {
    public enum Family: String, Sendable, Codable { case debian, el, sles }

    /// The name of the distribution, as osvers has it: `debian12.5.0`, `rhels8.5.0`, `sle15.3`.
    public var name: String
    /// As osarch has it: `x86_64`.
    public var arch: String
    /// As the medium itself spells it: `amd64`.
    public var nativeArch: String
    /// Which disc of a set; empty when the medium does not say.
    public var disc: String
    public var family: Family
    /// Folders in `dists` that have a Release file, or the modules of a SLES medium.
    public var codename: String
    public var components: [String]
    /// Ubuntu 20.04 with the old installer.
    public var isLegacy: Bool
    /// A live system: not a complete repository of packages.
    public var isLive: Bool
    /// Debian's network installer.
    public var isNetinst = false
    /// The one medium of SLE 15 that holds what others have on two discs.
    public var isFull = false
}

/// Why a medium whose family is known cannot be imported as asked; the words are xCAT's.
public enum RecognitionRefusal: Diagnosable, Equatable {
    case otherArchitecture(product: String, wanted: String, found: String)
    case unknownArchitecture(wanted: String)
    case unsafeName(String)

    public var diagnostic: Diagnostic {
        switch self {
        case .otherArchitecture(let product, let wanted, let found):
            Diagnostic("Requested \(product) architecture \(wanted), but media is \(found)")
        case .unknownArchitecture(let wanted):
            Diagnostic("copycds could not identify the ARCH, you may wish to try -a \(wanted).")
        case .unsafeName(let name):
            Diagnostic(
                "not a name for a distribution", subject: name,
                remedy: "use letters, digits, dots and dashes, for example -n debian12.5.0")
        }
    }
}

/// What recognition looks at.
struct MediumFacts {
    /// Text of a small file, by its path from the top.
    var text: (String) -> String?
    /// Whether there is such a name.
    var has: (String) -> Bool
    /// Names in a folder, sorted.
    var names: (String) -> [String]

    /// The first lines of a file without trailing blanks; empty when there is no such file.
    func lines(_ path: String) -> [String] {
        (text(path) ?? "").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
            var line = line
            while line.last?.isWhitespace == true { line.removeLast() }
            return String(line)
        }
    }
}

/// What the user says about the medium.
public struct Claim: Hashable, Sendable {
    public var name: String?
    public var arch: String?

    /// `arch` is normalised: `i686` means `x86`.
    public init(name: String? = nil, arch: String? = nil) {
        self.name = name
        self.arch = arch.map { Architecture.isIntel32($0) ? "x86" : $0 }
    }
}

/// A family of distributions and how its media are known.
protocol MediumFamily {
    /// - Returns: nil when the medium is of another family, or the claimed name is none of this family's.
    static func recognise(_ facts: MediumFacts, _ claim: Claim) throws(RecognitionRefusal) -> Recognised?
}

/// Recognises media: the families in turn, the first that knows the medium wins.
enum Recognition {
    private static var families: [any MediumFamily.Type] { [ELMedium.self, SLESMedium.self, DebianMedium.self] }

    /// - Returns: nil when no family knows the medium, or none may use the claimed name.
    static func identify(_ facts: MediumFacts, _ claim: Claim) throws(RecognitionRefusal) -> Recognised? {
        for family in families {
            guard let found = try family.recognise(facts, claim) else { continue }
            for word in [found.name, found.arch] where !isSafe(word) { throw .unsafeName(word) }
            return found
        }
        return nil
    }

    /// Names become folders and keys of tables.
    static func isSafe(_ word: String) -> Bool {
        guard let first = word.unicodeScalars.first, word.utf8.count <= 64 else { return false }
        func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        }
        return isAlphanumeric(first)
            && word.unicodeScalars.allSatisfy { isAlphanumeric($0) || "._+-".unicodeScalars.contains($0) }
    }
}

/// Spellings of architectures.
enum Architecture {
    static func isIntel32(_ text: String) -> Bool {
        text.count == 4 && text.hasPrefix("i") && text.hasSuffix("86")
    }

    /// As Debian's media spell it, to xCAT's spelling.
    static func ofDebian(_ text: String) -> String {
        switch text {
        case "amd64": "x86_64"
        case "ppc64el", "ppc64le", "arm64": text
        case _ where isIntel32(text): "x86"
        case _ where text.hasPrefix("ppc") || text.hasPrefix("powerpc"): "ppc64"
        default: text
        }
    }

    static func ofEL(_ text: String) -> String {
        isIntel32(text) ? "x86" : text == "ppc" ? "ppc64" : text
    }

    static func ofSLES(_ text: String) -> String {
        switch text {
        case "ppc64le", "ppc64el": "ppc64le"
        case _ where isIntel32(text): "x86"
        case _ where text.hasPrefix("ppc"): "ppc64"
        default: text
        }
    }
}
