public import Digests
internal import Support
public import SystemPackage

/// Everything that shapes an image, at one moment: its stanza and the files that it refers to.
public struct Recipe: Sendable, Equatable {
    /// What is known about one file.
    public enum Content: Sendable, Equatable {
        /// Kept in full.
        case kept([UInt8], isExecutable: Bool)
        /// A link to /dev/null, which masks hooks of its name.
        case mask
        /// Too large, or a source of a synclist: only its digest is kept.
        case digestOnly(Digest, reason: String)
        /// Nothing of it is kept.
        case skipped(reason: String)
        case missing

        /// What Git holds of it; nil when nothing but a line in the list.
        var stored: (bytes: [UInt8], mode: UInt32)? {
            switch self {
            case .kept(let bytes, let isExecutable):
                (bytes, isExecutable ? GitTreeUpdate.executableFile : GitTreeUpdate.plainFile)
            case .mask: (Array(Self.maskTarget.string.utf8), GitTreeUpdate.symbolicLink)
            case .digestOnly, .skipped, .missing: nil
            }
        }

        static let maskTarget: FilePath = "/dev/null"
    }

    /// One file that the image refers to.
    public struct File: Sendable, Equatable {
        /// Absolute, as stored.
        public var path: FilePath
        /// Relative to `<installdir>/custom` when it is in there.
        public var customPath: FilePath?
        public var content: Content
        /// Owner on this machine; nil when missing.
        public var owner: UInt32?

        public init(path: FilePath, customPath: FilePath?, content: Content, owner: UInt32? = nil) {
            (self.path, self.customPath, self.content, self.owner) = (path, customPath, content, owner)
        }

        /// Where its content is in the repository.
        func placeInRepository(image: String) -> FilePath {
            customPath ?? FilePath("osimage/\(image)/outside").joined(path)
        }

        /// Its line in the list of the recipe, which holds for good what the recipe was.
        var line: [UInt8] {
            var fields: [String]
            switch content {
            case .kept(let bytes, let isExecutable):
                fields = ["kept", isExecutable ? "755" : "644", Digest.of(bytes).description]
            case .mask: fields = ["kept", "mask", Digest.of(Array(Content.maskTarget.string.utf8)).description]
            case .digestOnly(let digest, let reason): fields = ["digest", reason, digest.description]
            case .skipped(let reason): fields = ["skipped", reason, "-"]
            case .missing: fields = ["missing", "-", "-"]
            }
            fields.append(customPath == nil ? "outside" : "custom")
            return Array(fields.joined(separator: "\t").utf8) + [0x09] + RecipeText.escaped((customPath ?? path).bytes)
        }
    }

    public var image: String
    /// A `KeptStanza`.
    public var stanza: [UInt8]
    /// Sorted by path.
    public var files: [File]
    /// Attributes that the stanza leaves out, with the reason.
    public var secrets: [String: String]

    /// - Throws: `HistoryError.badImageName`.
    public init(
        image: String, stanza: [UInt8], files: [File], secrets: [String: String] = [:]
    ) throws(HistoryError) {
        self.image = try Self.checked(image)
        (self.stanza, self.secrets) = (stanza, secrets)
        self.files = files.sorted { $0.path.bytes.lexicographicallyPrecedes($1.path.bytes) }
    }

    /// An image's name is a folder of the repository and a word of commit messages.
    static func checked(_ image: String) throws(HistoryError) -> String {
        let isBad =
            image.isEmpty || image.hasPrefix(".") || image.contains("/") || image.lowercased() == ".git"
            || image.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }
        guard !isBad else { throw .badImageName(image) }
        return image
    }

    /// The file `osimage/<image>/recipe`: one line a file, sorted by path.
    var list: [UInt8] { Array(files.map { $0.line + [0x0a] }.joined()) }

    /// Files and attributes that were left out, with the reason.
    public var leftOut: [(name: FilePath, reason: String)] {
        let attributes = secrets.sorted { $0.key < $1.key }
            .map { (name: FilePath("attribute \($0.key) of \(image)"), reason: $0.value) }
        return attributes
            + files.compactMap { file in
                if case .skipped(let reason) = file.content { return (file.path, reason) }
                return nil
            }
    }
}

/// Paths in the recipe's list: TAB, LF and backslash as `\t`, `\n`, `\\`.
enum RecipeText {
    static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in bytes {
            switch byte {
            case 0x09: result += Array(#"\t"#.utf8)
            case 0x0a: result += Array(#"\n"#.utf8)
            case UInt8(ascii: "\\"): result += Array(#"\\"#.utf8)
            default: result.append(byte)
            }
        }
        return result
    }

    static func unescaped(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var isEscape = false
        for byte in bytes {
            if isEscape {
                result.append(byte == UInt8(ascii: "t") ? 0x09 : byte == UInt8(ascii: "n") ? 0x0a : byte)
                isEscape = false
            } else if byte == UInt8(ascii: "\\") {
                isEscape = true
            } else {
                result.append(byte)
            }
        }
        return result
    }

    /// The paths in the repository of the files that a list says are kept.
    static func keptFiles(_ list: [UInt8], image: String) -> Set<FilePath> {
        var paths: Set<FilePath> = []
        for line in list.split(separator: 0x0a) {
            let fields = line.split(separator: 0x09, maxSplits: 4, omittingEmptySubsequences: false)
            guard fields.count == 5, fields[0].elementsEqual("kept".utf8) else { continue }
            let path = FilePath(bytes: unescaped(fields[4]))
            let isOutside = fields[3].elementsEqual("outside".utf8)
            paths.insert(isOutside ? FilePath("osimage/\(image)/outside").joined(path) : path)
        }
        return paths
    }
}
