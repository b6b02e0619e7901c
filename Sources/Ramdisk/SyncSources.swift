public import Profiles
public import Support
public import SystemPackage

/// Finds the files that the lines of synclists name, before anything is changed.
public struct SyncSources {
    private let host: (FilePath) throws(FileError) -> FilePath

    /// - Parameter host: where an absolute path of a list is on this machine.
    public init(host: @escaping (FilePath) throws(FileError) -> FilePath) { self.host = host }

    /// The files that one source of a line stands for, as stored; wildcards are expanded like a shell does.
    /// - Throws: `SyncError.noSource` when there is none.
    public func expand(_ source: [UInt8], _ entry: Synclist.Entry) throws -> [FilePath] {
        let components = source.split(separator: UInt8(ascii: "/"))
        var paths: [FilePath] = ["/"]
        for component in components {
            guard Self.hasWildcard(component) else {
                paths = paths.map { $0.joined(FilePath(bytes: component)) }
                continue
            }
            let pattern = PathPattern(Array(component))
            var next: [FilePath] = []
            for path in paths {
                let folder = try host(path)
                guard folder.isDirectory else { continue }
                for name in try folder.directoryNames() where pattern.matches(name.bytes) {
                    // Hidden files only when asked for.
                    if name.bytes.first == 0x2e, component.first != 0x2e { continue }
                    next.append(path.joined(name))
                }
            }
            paths = next
        }
        let existing = try paths.filter { try host($0).targetStatus() != nil }
        guard !existing.isEmpty, existing.count == paths.count else {
            throw SyncError.noSource(source, place: "\(entry.file.printable):\(entry.line)")
        }
        return existing
    }

    /// Where a stored path is on this machine.
    public func located(_ stored: FilePath) throws(FileError) -> FilePath { try host(stored) }

    static func hasWildcard(_ text: some Sequence<UInt8>) -> Bool {
        text.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
    }
}

/// Why a synclist cannot be applied to an image.
public enum SyncError: Diagnosable, Equatable {
    case noSource([UInt8], place: String)
    case notMergeable([UInt8], place: String)
    case noTarget([UInt8], place: String)
    /// Neither a file nor a directory.
    case unsupportedKind(FilePath)
    case linkLoop(FilePath)

    public var diagnostic: Diagnostic {
        switch self {
        case .noSource(let path, let place):
            Diagnostic(
                "file to synchronise not found", subject: Self.text(path), remedy: "create it, or change \(place)")
        case .notMergeable(let path, let place):
            Diagnostic(
                "MERGE is for passwd, shadow, group and gshadow of /etc only", subject: Self.text(path),
                remedy: "use APPEND or a copy: \(place)")
        case .noTarget(let path, let place):
            Diagnostic(
                "file to change is not in the image", subject: Self.text(path),
                remedy: "install what has it, or copy a file there first: \(place)")
        case .unsupportedKind(let path):
            Diagnostic("neither a file nor a directory", subject: path.printable, remedy: "remove it from the sources")
        case .linkLoop(let path):
            Diagnostic("directory holds a link to itself", subject: path.printable, remedy: "remove that link")
        }
    }

    private static func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
}
