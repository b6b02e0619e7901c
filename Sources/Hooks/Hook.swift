public import Support
public import SystemPackage

/// One program that the site runs at an event, found in a folder or set in the configuration.
public struct Hook: Sendable, Equatable {
    /// Where a hook comes from; the order is that of ties in the list.
    public enum Origin: Int, Sendable, Comparable, CaseIterable {
        case shipped, site, image, configured

        public static func < (left: Origin, right: Origin) -> Bool { left.rawValue < right.rawValue }

        public var name: String {
            switch self {
            case .shipped: "shipped"
            case .site: "site"
            case .image: "image"
            case .configured: "configured"
            }
        }
    }

    /// Why a hook that was found does not run.
    public enum Ignored: Sendable, Equatable {
        case notExecutable
        case notAFile
        /// Hooks are looked for in a folder of this name, and there is something else.
        case notAFolder
        /// By `hook.<name>.enabled`; the place of the setting.
        case disabled(String)
        /// By a link to /dev/null of the same name in a more specific place.
        case masked(FilePath)
        /// Somebody else could have written it: the command would stop. Only in lists.
        case untrusted(FilePath, HookError.Distrust)
        /// Its settings name an event that there is not. Only in lists.
        case unknownEvent
        /// Its settings are wrong, or its program is missing: the command would stop. Only in lists.
        case wrong(String)

        public var reason: String {
            switch self {
            case .notExecutable: "not executable"
            case .notAFile: "not a file"
            case .notAFolder: "not a folder"
            case .disabled(let origin): "disabled in \(origin)"
            case .masked(let path): "masked by \(path.printable)"
            case .untrusted(let path, .owner(let owner)):
                "refused: user \(owner) owns \(path.printable)"
            case .unknownEvent: "refused: no such event"
            case .wrong(let problem): "refused: \(problem)"
            case .untrusted(let path, .writableByOthers(let mode)):
                "refused: mode \(String(mode, radix: 8)) of \(path.printable) lets others write"
            }
        }
    }

    /// What runs.
    public enum Action: Sendable, Equatable {
        /// A program of the host with its words.
        case program(FilePath, [Word])
        /// A program of the root image with its words, run in there.
        case imageProgram(FilePath, [Word])
        /// A script of the site's postscripts folder with its words, run inside the root image.
        case postscript(FilePath, [Word])
    }

    /// File name, or the name in `hook.<name>.…`, as bytes.
    public var name: FilePath
    public var origin: Origin
    /// The file as stored (without the root prefix), or the place of the setting.
    public var place: FilePath
    public var action: Action
    /// nil for no limit.
    public var timeLimit: Duration?
    /// Whether it runs inside the root image.
    public var isInImage: Bool
    /// Whether it may use the network there.
    public var hasNetwork = false
    /// nil when it runs.
    public var ignored: Ignored?

    public init(
        name: FilePath, origin: Origin, place: FilePath, action: Action, timeLimit: Duration? = nil,
        isInImage: Bool = false, ignored: Ignored? = nil
    ) {
        (self.name, self.origin, self.place, self.action) = (name, origin, place, action)
        (self.timeLimit, self.isInImage, self.ignored) = (timeLimit, isInImage, ignored)
    }

    /// Bytes that decide the order: the file name; a plain `<event>` file and a configured name without a number
    /// count as `50-`.
    func sortKey(event: String) -> [UInt8] {
        let bytes = name.bytes
        let isPlain = origin == .configured ? !Self.isNumbered(bytes) : bytes == Array(event.utf8)
        return isPlain ? Array("50-".utf8) + bytes : bytes
    }

    private static func isNumbered(_ bytes: [UInt8]) -> Bool {
        bytes.first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
    }
}
