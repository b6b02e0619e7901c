public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

extension Errno {
    /// The reason of the last system call of this thread that failed.
    public static var latest: Errno { Errno(rawValue: errno) }
}

/// A system call on a file that failed: `cannot <action>: '<path>': <reason>`.
public struct FileError: Diagnosable, Equatable {
    /// A verb in the infinitive, e.g. `open`, `rename`, `create directory`.
    public var action: String
    public var path: FilePath
    public var errno: Errno

    public init(_ action: String, _ path: FilePath, _ errno: Errno) {
        self.action = action
        self.path = path
        self.errno = errno
    }

    public var diagnostic: Diagnostic {
        Diagnostic("cannot \(action)", subject: path.printable, remedy: reason)
    }

    private var reason: String {
        switch errno {
        case .noSpace: "no space left on the device: free some there"
        case .permissionDenied, .notPermitted: "permission denied: run as root or as the owner"
        case .noSuchFileOrDirectory: "no such file or directory"
        default: errno.description.lowercasedFirst
        }
    }

    /// Runs `body` and turns the `Errno` it throws into a `FileError`.
    public static func wrap<Result>(
        _ action: String, _ path: FilePath, _ body: () throws -> Result
    ) throws(FileError) -> Result {
        do {
            return try body()
        } catch let error as Errno {
            throw FileError(action, path, error)
        } catch let error as FileError {
            throw error
        } catch {
            throw FileError(action, path, .ioError)
        }
    }

    /// For calls that return -1 and set `errno`: passes other values on.
    @discardableResult
    public static func check<Value: BinaryInteger>(
        _ action: String, _ path: FilePath, _ value: Value
    ) throws(FileError) -> Value {
        guard value != -1 else { throw FileError(action, path, .latest) }
        return value
    }
}

extension String {
    var lowercasedFirst: String {
        guard let first else { return self }
        return first.lowercased() + dropFirst()
    }
}
