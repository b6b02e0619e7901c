internal import Support
internal import SystemPackage
public import Testing

/// The stores that tests run on: PostgreSQL where `tools/with-postgres` has started a server for them.
public enum StoreKind: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case sqlite
    case postgres

    public var testDescription: String { rawValue }

    private static let variable = "CATBOAT_TEST_POSTGRES"

    /// The kinds that can be tested here.
    public static let available: [StoreKind] =
        Environment.current.text(variable) == nil ? [.sqlite] : [.sqlite, .postgres]

    /// A new store of the running test: a file of the scratch directory, or a schema of its own in the database.
    /// - Parameter name: tells several stores of one test apart.
    public func makeLocation(_ name: String = "") throws -> String {
        guard self == .postgres, let server = Environment.current.text(Self.variable) else {
            return Scratch.directory.joined("etc/site\(name).sqlite").printable
        }
        // Names of schemas do not tell capital letters apart.
        let schema = "t" + Scratch.directory.lastName.bytes.suffix(6).map { String($0, radix: 16) }.joined() + name
        _ = try Tool("psql", ["-q", "-c", Word("CREATE SCHEMA IF NOT EXISTS \(schema)"), Word(server)]).output()
        return "\(server)&options=-csearch_path%3D\(schema)"
    }
}

extension Catboat {
    /// The commands on a new store of this kind.
    public func using(_ kind: StoreKind) throws -> Catboat {
        guard kind == .postgres else { return self }
        var copy = self
        copy.environment["CATBOAT_DB"] = Word(try kind.makeLocation())
        return copy
    }
}

extension Catboat {
    /// The commands on this store.
    public func storing(in location: String) -> Catboat {
        var copy = self
        copy.environment["CATBOAT_DB"] = Word(location)
        return copy
    }
}
