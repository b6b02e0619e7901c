public import Support
public import SystemPackage

/// Why hooks of an event could not be found or started.
public enum HookError: Diagnosable, Equatable {
    case unknownEvent(String)
    case badImageName(String)
    /// A file or folder that another user could have changed.
    case untrusted(FilePath, Distrust)
    /// `key` as in the configuration, e.g. `hook.notify.timeout`.
    case badSetting(key: String, value: String, origin: String, remedy: String)
    case programNotFound(hook: String, program: String, origin: String)
    case postscriptNotFound(hook: String, file: String, origin: String)
    /// The event's command is already running for the same image, and this hook was started by it.
    case reentered(event: String, image: String?, by: String)
    /// An event within the making of a root image, without such an image.
    case noImage(event: String, image: String?)
    /// A hook that runs inside the root image, without such an image.
    case noTree(hook: FilePath, image: String?)
    case unreadable(FileError)
    case notStarted(ToolError)

    /// What is wrong with a file's owner or mode.
    public enum Distrust: Sendable, Equatable {
        case owner(UInt32)
        case writableByOthers(UInt32)
    }

    public var diagnostic: Diagnostic {
        switch self {
        case .unknownEvent(let name):
            Diagnostic("no such event", subject: name, remedy: "see catboat-hooks(5) for their names")
        case .badImageName(let name):
            Diagnostic("not the name of an osimage", subject: name, remedy: "leave out '/' and a leading '.'")
        case .untrusted(let path, .owner(let owner)):
            Diagnostic(
                "hook is not trusted, its owner is user \(owner)", subject: path.printable,
                remedy: "chown root \(path.printable)")
        case .untrusted(let path, .writableByOthers(let mode)):
            Diagnostic(
                "hook is not trusted, its mode \(String(mode, radix: 8)) lets others write", subject: path.printable,
                remedy: "chmod go-w \(path.printable)")
        case .badSetting(let key, let value, let origin, let remedy):
            Diagnostic("setting is not understood", subject: "\(key)=\(value)", remedy: "\(remedy) in \(origin)")
        case .programNotFound(let hook, let program, let origin):
            Diagnostic(
                "program of hook \(hook) not found", subject: program,
                remedy: "correct hook.\(hook).command in \(origin); each word has a command line of its own")
        case .postscriptNotFound(let hook, let file, let origin):
            Diagnostic(
                "postscript of hook \(hook) not found", subject: file,
                remedy: "put it there, or correct hook.\(hook).postscript in \(origin)")
        case .reentered(let event, let image, let by):
            Diagnostic(
                "\(event) is already running\(image.map { " for osimage \($0)" } ?? "")", subject: by,
                remedy: "a hook must not start the command that started it")
        case .noImage(let event, let image):
            Diagnostic(
                "\(event) is about an osimage with a root image", subject: image ?? "no osimage",
                remedy: "see lsdef -t osimage for the names")
        case .noTree(let hook, let image):
            Diagnostic(
                "hook \(hook.printable) runs inside a root image and there is none", subject: image ?? "no osimage",
                remedy: "run genimage first, or give the hook another event")
        case .unreadable(let error): error.diagnostic
        case .notStarted(let error): error.diagnostic
        }
    }
}
