internal import FoundationEssentials
public import Support
public import SystemPackage

/// What is known of a root image from one genimage to the next: `<rootimgdir>/.state`, one JSON object.
public struct ImageState: Codable, Sendable, Equatable {
    public enum Step: String, Codable, Sendable {
        /// Packages are being installed, or that run was interrupted.
        case populating
        /// Packages are installed; generic steps, postinstall scripts and the initramfs follow.
        case populated
        /// genimage came to its end: the tree may be packed.
        case complete
    }

    /// A name of a package list and a package that it stood for; they differ for virtual packages and groups.
    public struct Requested: Codable, Sendable, Hashable {
        public var name: String
        public var package: String
    }

    public var step: Step
    /// Names of the lists of the last run.
    public var requested: [Requested]
    /// Packages that we installed and no list names: they may go when nothing needs them.
    public var installed: [String]
    /// While packages are being changed: the versions from before that.
    public var before: [String: String]?
    /// Commit of the recipe that a complete tree was made from, when whoever made it said so.
    public var recipe: String?
    /// Version of the kernel in rootimgdir.
    public var kernel: String?
    public var version = 1

    public init(step: Step, requested: [Requested] = [], installed: [String] = []) {
        (self.step, self.requested, self.installed) = (step, requested, installed)
    }

    public var isFinished: Bool { step == .complete }

    /// nil when there is no state file.
    public static func read(_ folder: ImageFolder) throws -> ImageState? {
        guard folder.stateFile.exists else { return nil }
        let bytes = try folder.stateFile.readBytes()
        guard let state = try? JSONDecoder().decode(ImageState.self, from: Data(bytes)) else {
            throw ImageStateError.damaged(folder.stateFile)
        }
        return state
    }

    public func write(_ folder: ImageFolder) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try AtomicFile.write(Array(encoder.encode(self)) + [0x0a], to: folder.stateFile)
    }
}

public enum ImageStateError: Diagnosable, Equatable {
    case damaged(FilePath)
    case noTree(FilePath)
    case unfinished(FilePath)

    public var diagnostic: Diagnostic {
        switch self {
        case .damaged(let path):
            Diagnostic("state file is damaged", subject: path.printable, remedy: "remove it and run genimage --fresh")
        case .noTree(let path):
            Diagnostic("there is no root image", subject: path.printable, remedy: "run genimage first")
        case .unfinished(let path):
            Diagnostic("root image is not finished", subject: path.printable, remedy: "run genimage again")
        }
    }
}
