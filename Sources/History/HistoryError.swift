public import Support
public import SystemPackage

/// Why something could not be kept in, or read from, the history.
public enum HistoryError: Diagnosable, Equatable {
    case badImageName(String)
    case badRecord(FilePath, String)
    case noHistory(FilePath)
    case unknownRevision(String)
    case ambiguousRevision(String)
    case noSuchImage(String, revision: String)
    case badTagName(String)
    case tagExists(String, GitID)
    case file(FileError)
    case git(GitError)

    public var diagnostic: Diagnostic {
        switch self {
        case .badImageName(let name):
            Diagnostic(
                "name cannot be kept in the history", subject: name,
                remedy: "use an osimage name without '/', control characters or a leading '.'")
        case .badRecord(let path, let problem):
            Diagnostic("not a build record: \(problem)", subject: path.printable, remedy: "see catboat-history(7)")
        case .noHistory(let custom):
            Diagnostic(
                "there is no history yet", subject: custom.printable, remedy: "genimage or profile-commit begins it")
        case .unknownRevision(let text):
            Diagnostic("no such revision", subject: text, remedy: "see catboat log")
        case .ambiguousRevision(let text):
            Diagnostic("revision is not unique", subject: text, remedy: "give more digits")
        case .noSuchImage(let image, let revision):
            Diagnostic("osimage is not in this revision", subject: "\(image) at \(revision)", remedy: "see catboat log")
        case .badTagName(let name):
            Diagnostic("not a name for a tag", subject: name, remedy: "use letters, digits, '-', '_', '.' and '/'")
        case .tagExists(let name, let id):
            Diagnostic("tag exists", subject: name, remedy: "it names \(id.short); --force moves it")
        case .file(let error): error.diagnostic
        case .git(let error): error.diagnostic
        }
    }

    /// Runs `body` and turns the errors of files and of libgit2 into ours.
    static func wrap<Result: ~Copyable>(_ body: () throws -> Result) throws(HistoryError) -> Result {
        do {
            return try body()
        } catch let error as HistoryError {
            throw error
        } catch let error as GitError {
            throw .git(error)
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .git(GitError(function: "catboat", code: -1, message: "\(error)", subject: "history"))
        }
    }
}
