internal import FoundationEssentials
internal import Support
public import SystemPackage

/// What `.catboat-media.json` in a finished copy says; without the file the copy is not complete.
public struct CopyMarker: Codable, Sendable, Equatable {
    /// One medium whose files are all here.
    public struct Disc: Codable, Sendable, Equatable {
        public var name: String
        public var arch: String
        public var disc: String
        public var family: String
        /// `sha256:<hex>` of the medium's listing.
        public var fingerprint: String
        /// The last component of what was copied.
        public var source: String
        public var files: Int
        public var bytes: Int64
        /// Lists that the files were checked against.
        public var checkedBy: [String]
        public var signature: SignatureState
    }

    public var version = 1
    public var media: [Disc]

    static let name: FilePath = ".catboat-media.json"
    /// Says which medium an unfinished copy belongs to.
    static let unfinishedName: FilePath = ".catboat-media.unfinished"
    /// A file that is being written.
    static let temporaryName: FilePath = ".catboat-media.part"

    static func isOurs(_ path: FilePath) -> Bool {
        path == name || path == unfinishedName || path == temporaryName
    }

    /// The marker of a finished copy; nil when there is none, or none that can be read.
    public static func read(_ folder: FilePath) -> CopyMarker? {
        guard let bytes = try? folder.joined(name).readBytes(limit: 1 << 20) else { return nil }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try? decoder.decode(CopyMarker.self, from: Data(bytes))
    }

    func write(to folder: FilePath) throws(FileError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // Strings and numbers always encode.
        let bytes = (try? encoder.encode(self)).map { Array($0) } ?? []
        try AtomicFile.write(bytes + [0x0a], to: folder.joined(Self.name))
    }
}
