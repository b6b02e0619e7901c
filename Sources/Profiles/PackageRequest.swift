internal import Support
public import SystemPackage

/// One line's worth of a package list: what shall happen to one package, in which pass, and who asked for it.
public struct PackageRequest: Hashable, Sendable {
    public enum Operation: String, Sendable, CaseIterable {
        case install
        /// `-name`: before the installations of its pass.
        case remove
        /// `--name`: after the installations of its pass.
        case removeAfter = "remove-after"
        /// `#ENV:NAME=VALUE#`: `name` is `NAME=VALUE`, for the package manager and its scripts in this pass.
        case environment = "env"
    }

    /// From 1; each pass is one call of the package manager.
    public var pass: Int
    public var operation: Operation
    public var name: String
    /// `dir` of `dir/name` in an otherpkglist: the folder of otherpkgdir that holds the package; else empty.
    public var repository: String
    public var file: FilePath
    public var line: Int

    public init(pass: Int, operation: Operation, name: String, repository: String = "", file: FilePath, line: Int) {
        self.pass = pass
        self.operation = operation
        self.name = name
        self.repository = repository
        self.file = file
        self.line = line
    }

    /// `file:line`, for messages.
    public var origin: String { "\(file.printable):\(line)" }

    /// The record that `pkglist-expand` prints: pass, operation, name, repository, file:line, separated by tabs.
    public var record: [UInt8] {
        Array("\(pass)\t\(operation.rawValue)\t\(name)\t\(repository)\t".utf8) + file.bytes + Array(":\(line)".utf8)
    }

    /// Reads a record back; nil when it is none.
    public init?(record: [UInt8]) {
        let fields = record.split(separator: UInt8(ascii: "\t"), maxSplits: 4, omittingEmptySubsequences: false)
        guard fields.count == 5, let pass = Int(String(decoding: fields[0], as: UTF8.self)), pass > 0,
            let operation = Operation(rawValue: String(decoding: fields[1], as: UTF8.self)), !fields[2].isEmpty,
            let colon = fields[4].lastIndex(of: UInt8(ascii: ":")),
            let line = Int(String(decoding: fields[4][(colon + 1)...], as: UTF8.self))
        else { return nil }
        self.init(
            pass: pass, operation: operation, name: String(decoding: fields[2], as: UTF8.self),
            repository: String(decoding: fields[3], as: UTF8.self), file: FilePath(bytes: fields[4][..<colon]), line: line)
    }
}
