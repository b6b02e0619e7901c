internal import CLinux

#if canImport(Glibc)
    internal import Glibc
#endif

/// Environment variables of this process or for a child. Values may be bytes in any encoding.
public struct Environment: Sendable, Equatable {
    private var variables: [String: Word]

    public init(_ variables: [String: Word] = [:]) { self.variables = variables }

    /// The environment of this process.
    public static var current: Environment {
        var result = Environment()
        guard var pointer = catboat_environ() else { return result }
        while let entry = pointer.pointee {
            let bytes = Array(UnsafeBufferPointer(start: entry, count: strlen(entry))).map { UInt8(bitPattern: $0) }
            if let equals = bytes.firstIndex(of: UInt8(ascii: "=")) {
                result.variables[String(decoding: bytes[..<equals], as: UTF8.self)] = Word(
                    bytes: bytes[(equals + 1)...])
            }
            pointer += 1
        }
        return result
    }

    public subscript(name: String) -> Word? {
        get { variables[name] }
        set { variables[name] = newValue }
    }

    /// Names of all variables, sorted.
    public var names: [String] { variables.keys.sorted() }

    /// The value as text; nil when unset.
    public func text(_ name: String) -> String? { variables[name]?.description }

    public func merging(_ other: Environment) -> Environment {
        Environment(variables.merging(other.variables) { $1 })
    }

    /// `NAME=value` words, sorted by name.
    public var words: [Word] { entries.map { Word(bytes: $0) } }

    /// `NAME=value` entries, sorted by name.
    var entries: [[UInt8]] {
        variables.sorted { $0.key < $1.key }.map { Array($0.key.utf8) + [UInt8(ascii: "=")] + $0.value.bytes }
    }
}
