internal import ForeignArchives
internal import Support
internal import SystemPackage

/// Files with several names in a cpio archive: the data comes with the last of them.
struct LinkedFiles {
    private let source: FilePath
    /// By the first name: those that have come, without data so far.
    private var waiting: [FilePath: [DriverFile]] = [:]

    /// - Parameter source: for errors.
    init(source: FilePath) { self.source = source }

    /// Notes a file without data, which may be the first name of one with data.
    mutating func begin(_ file: DriverFile) { waiting[file.path] = [file] }

    /// Notes one more name; with the data all of them are visited.
    /// - Throws: `DriverError.hardLink` in tar, where the data came with the first name and is gone.
    mutating func add(
        _ file: DriverFile, to first: FilePath?, _ archive: ForeignArchive, size: Int64, _ body: DriverSource.Visitor
    ) throws {
        guard let first, let names = waiting[first] else { throw DriverError.hardLink(source, name: file.path) }
        waiting[first] = names + [file]
        guard size > 0 else { return }
        let bytes = try ModuleReader.bytes(file.path, in: source) { emit in try archive.content(emit) }
        for name in waiting.removeValue(forKey: first) ?? [] {
            try body(name, size) { emit in try bytes.withUnsafeBytes { try emit($0) } }
        }
    }

    /// Visits those that are empty indeed.
    func finish(_ body: DriverSource.Visitor) throws {
        for file in waiting.values.joined().sorted(by: { $0.path.bytes.lexicographicallyPrecedes($1.path.bytes) }) {
            try body(file, 0) { _ in }
        }
    }
}
