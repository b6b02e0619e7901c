/// One package of an RPM repository, as `primary.xml` has it.
public struct PrimaryPackage: Sendable, Equatable {
    public var name = ""
    public var architecture = ""
    public var epoch = "0"
    public var version = ""
    public var release = ""
    /// Relative to the repository's folder.
    public var location = ""
    /// Where the location is relative to instead (`xml:base`), e.g. another disc; empty for the repository itself.
    public var base = ""
    public var algorithm = ""
    public var checksum = ""
    public var size: Int64?
    public var provides: [Capability] = []
    /// Programs and configuration; the whole list is in `filelists.xml`.
    public var files: [String] = []

    public struct Capability: Sendable, Hashable {
        public var name: String
        /// Empty when the package does not say.
        public var version: String

        public init(name: String, version: String = "") { (self.name, self.version) = (name, version) }
    }

    public init() {}

    /// `[EPOCH:]VERSION-RELEASE`, without an epoch of 0.
    public var edition: String { (["", "0"].contains(epoch) ? "" : "\(epoch):") + "\(version)-\(release)" }

    /// Visits the packages of a document in its order.
    ///
    /// - Parameter read: see `TagScanner.Reader`.
    /// - Throws: `TagScannerError`; what `read` and `visit` throw.
    public static func visit(_ read: @escaping TagScanner.Reader, _ visit: (PrimaryPackage) throws -> Void) throws {
        var scanner = TagScanner(read)
        var package = PrimaryPackage()
        var path: [String] = []
        while let item = try scanner.next() {
            switch item {
            case .start(let name, let attributes):
                path.append(name)
                if path.count == 2, name == "package" { package = PrimaryPackage() }
                if path.count == 3 { package.take(name, attributes) }
                if path.count == 5, path[3] == "rpm:provides", let capability = attributes["name"] {
                    package.provides.append(Capability(name: capability, version: attributes["ver"] ?? ""))
                }
            case .text(let text):
                if path.count == 3 { package.take(path[2], text) }
                if path.count == 4, path[3] == "file" { package.files.append(text) }
            case .end(let name):
                // A hostile document may end what it never began.
                if path.last == name { path.removeLast() }
                if path.count == 1, name == "package", !package.location.isEmpty { try visit(package) }
            }
        }
    }

    private mutating func take(_ name: String, _ attributes: [String: String]) {
        switch name {
        case "version":
            epoch = attributes["epoch"] ?? "0"
            version = attributes["ver"] ?? ""
            release = attributes["rel"] ?? ""
        case "location":
            location = attributes["href"] ?? ""
            base = attributes["xml:base"] ?? ""
        case "checksum": algorithm = attributes["type"] ?? ""
        case "size": size = attributes["package"].flatMap { Int64($0) }
        default: break
        }
    }

    private mutating func take(_ name: String, _ text: String) {
        switch name {
        case "name": self.name = text
        case "arch": architecture = text
        case "checksum": checksum = text
        default: break
        }
    }
}
