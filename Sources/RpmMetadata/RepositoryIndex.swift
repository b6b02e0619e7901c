/// `repodata/repomd.xml` of an RPM repository: which files of metadata there are.
public struct RepositoryIndex: Sendable, Equatable {
    public struct File: Sendable, Equatable {
        /// `primary`, `filelists`, `group`, `modules`, …
        public var type: String
        /// Relative to the repository's folder.
        public var location: String
        /// As the index names it: `sha256`, `sha`, …
        public var algorithm: String
        public var checksum: String
        public var size: Int64?
    }

    public private(set) var files: [File] = []

    /// - Throws: `TagScannerError`.
    public init(_ bytes: [UInt8]) throws {
        var scanner = TagScanner(bytes)
        var file: File?
        var element = ""
        while let item = try scanner.next() {
            switch item {
            case .start("data", let attributes):
                file = File(type: attributes["type"] ?? "", location: "", algorithm: "", checksum: "", size: nil)
            case .start(let name, let attributes):
                element = name
                if name == "location" { file?.location = attributes["href"] ?? "" }
                if name == "checksum" { file?.algorithm = attributes["type"] ?? "" }
            case .text(let text):
                if element == "checksum" { file?.checksum = text }
                if element == "size" { file?.size = Int64(text) }
            case .end("data"):
                if let file, !file.location.isEmpty { files.append(file) }
                file = nil
            case .end: element = ""
            }
        }
    }

    public func file(_ type: String) -> File? { files.first { $0.type == type } }
}
