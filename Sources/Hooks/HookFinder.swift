public import Settings
internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Finds the hooks of an event: one list over all places, in the order in which they run.
///
/// Places, from general to specific: `<datadir>/hooks.d/<event>.d` (shipped), `<installdir>/custom/hooks/<event>` and
/// `<event>.d/` (site), `<installdir>/custom/hooks/osimage/<image>/<event>.d/` (image), `hook.<name>.*` (configured).
/// Sorted by the bytes of the file name, ties by place. A link to /dev/null masks hooks of its name in more general
/// places. Hidden files, those ending in `~` or `.sample` and copies that an import kept are no hooks.
public struct HookFinder: Sendable {
    private let settings: Settings
    private let installFolder: FilePath
    private let configuration: Configuration
    private let searchPath: [FilePath]

    /// - Parameters:
    ///   - installFolder: as stored, usually `/install`.
    ///   - configuration: of all places.
    public init(settings: Settings, installFolder: FilePath, configuration: Configuration) {
        self.settings = settings
        self.installFolder = installFolder
        self.configuration = configuration
        searchPath = HookContext.searchPath(settings)
    }

    /// - Returns: every hook that was found, also those that do not run, with the reason.
    /// - Parameter isListing: hooks that are not trusted are among the answer, instead of an error.
    /// - Throws: `HookError.untrusted` when a hook that would run could have been written by others.
    public func hooks(of event: HookEvent, image: String?, isListing: Bool = false) throws(HookError) -> [Hook] {
        if let image, image.isEmpty || image.hasPrefix(".") || image.contains("/") || image.contains("\0") {
            throw .badImageName(image)
        }
        let hookSettings = HookSettings(configuration)
        var trust = HookTrust()
        var found: [Hook] = []
        var masks: [(name: FilePath, origin: Hook.Origin, place: FilePath)] = []
        for place in places(event, image) {
            if let other = try blocked(place) {
                var hook = Hook(
                    name: other.lastName, origin: place.origin, place: other, action: .program(other, []),
                    timeLimit: nil)
                hook.ignored = .notAFolder
                found.append(hook)
                continue
            }
            for entry in try entries(of: place) {
                if entry.isMask {
                    masks.append((entry.name, place.origin, entry.stored))
                } else {
                    found.append(try hook(entry, place, hookSettings))
                }
            }
        }
        for index in found.indices {
            let hook = found[index]
            if let mask = masks.last(where: { $0.name == hook.name && $0.origin > hook.origin }) {
                found[index].ignored = .masked(mask.place)
            }
        }
        found += try configured(event, hookSettings, isListing)
        // A file that turns a hook off must be as trusted as one that starts it.
        var distrust: Hook.Ignored?
        if !found.isEmpty {
            for file in hookSettings.files where distrust == nil {
                distrust = try Self.distrust(isListing) { () throws(HookError) in try trust.check(try host(file)) }
            }
        }
        for index in found.indices where found[index].ignored == nil {
            let hook = found[index]
            let own = try Self.distrust(isListing) { () throws(HookError) in
                switch hook.action {
                case .program(let program, _), .postscript(let program, _): try trust.check(program)
                case .imageProgram: break
                }
                if hook.origin != .configured, let parent = try parentFolder(hook) { try trust.check(parent) }
            }
            found[index].ignored = distrust ?? own
        }
        return found.enumerated().sorted { left, right in
            let keys = (left.element.sortKey(event: event.name), right.element.sortKey(event: event.name))
            if keys.0 != keys.1 { return keys.0.lexicographicallyPrecedes(keys.1) }
            return (left.element.origin, left.offset) < (right.element.origin, right.offset)
        }.map(\.element)
    }

    private static func distrust(
        _ isListing: Bool, _ check: () throws(HookError) -> Void
    ) throws(HookError) -> Hook.Ignored? {
        do {
            try check()
        } catch .untrusted(let path, let distrust) where isListing {
            return .untrusted(path, distrust)
        }
        return nil
    }

    // MARK: - Files

    private struct Place {
        var origin: Hook.Origin
        /// The folder as stored; for shipped hooks the folder itself.
        var folder: FilePath
        /// A single file of it; nil for all.
        var only: FilePath?
    }

    private struct Entry {
        var name: FilePath
        var stored: FilePath
        /// Of the host, without following a link in the last component.
        var path: FilePath
        var isMask: Bool
    }

    private func places(_ event: HookEvent, _ image: String?) -> [Place] {
        let hooks = installFolder.joined("custom/hooks")
        var places = [
            Place(origin: .shipped, folder: settings.dataFolder.joined("hooks.d/\(event.name).d")),
            Place(origin: .site, folder: hooks, only: FilePath(event.name)),
            Place(origin: .site, folder: hooks.joined("\(event.name).d")),
        ]
        if let image {
            places.append(
                Place(origin: .image, folder: hooks.joined("osimage").joined(image).joined("\(event.name).d")))
        }
        return places
    }

    /// What is in the way of a place's folder, as stored: a file at its name or above.
    private func blocked(_ place: Place) throws(HookError) -> FilePath? {
        guard place.origin != .shipped, place.only == nil else { return nil }
        let top = installFolder.joined("custom")
        var path = place.folder
        var found: FilePath?
        while path != top, path.starts(with: top) {
            do throws(FileError) {
                let folder = try settings.root.host(path)
                if let kind = try folder.targetStatus()?.kind {
                    if kind == .directory { return found }
                    found = path
                }
            } catch {
                guard error.errno == .notDirectory else { throw .unreadable(error) }
            }
            path.removeLastComponent()
        }
        return found
    }

    private func entries(of place: Place) throws(HookError) -> [Entry] {
        do throws(FileError) {
            let folder = place.origin == .shipped ? place.folder : try settings.root.host(place.folder)
            let names = if let only = place.only { [only] } else { try folder.directoryNames() }
            var entries: [Entry] = []
            for name in names where place.only != nil || Self.isHookName(name.bytes) {
                let path = folder.joined(name)
                guard let status = try path.status() else { continue }
                let isMask = status.kind == .symbolicLink && path.isNullLink
                entries.append(Entry(name: name, stored: place.folder.joined(name), path: path, isMask: isMask))
            }
            return entries
        } catch {
            throw .unreadable(error)
        }
    }

    private static func isHookName(_ name: [UInt8]) -> Bool {
        name.first != UInt8(ascii: ".") && name.last != UInt8(ascii: "~") && !name.ends(with: ".sample")
            && !KeptCopy.isName(FilePath(bytes: name))
    }

    private func hook(_ entry: Entry, _ place: Place, _ hookSettings: HookSettings) throws(HookError) -> Hook {
        let program: FilePath
        var ignored: Hook.Ignored?
        do throws(FileError) {
            // A link of the site leads to a path as it is stored: beneath the root.
            program = place.origin == .shipped ? entry.path : try settings.root.host(entry.stored)
            if !program.isRegularFile {
                ignored = .notAFile
            } else if !program.isExecutableFile {
                ignored = .notExecutable
            }
        } catch {
            throw .unreadable(error)
        }
        let name = entry.name.printable
        let isOwnSection = !hookSettings.values(name, "event").isEmpty
        let (isEnabled, origin) = isOwnSection ? (true, "") : try hookSettings.isEnabled(name)
        if !isEnabled { ignored = .disabled(origin) }
        var hook = Hook(
            name: entry.name, origin: place.origin, place: entry.stored, action: .program(program, []),
            timeLimit: try hookSettings.timeLimit(isOwnSection ? "" : name), ignored: ignored)
        if !isOwnSection {
            hook.isInImage = try hookSettings.isInImage(name)
            hook.hasNetwork = try hookSettings.hasNetwork(name)
        }
        return hook
    }

    /// The folder in which a file hook was found; it may be another one than that of the program.
    private func parentFolder(_ hook: Hook) throws(HookError) -> FilePath? {
        hook.origin == .shipped ? nil : try host(hook.place.removingLastComponent())
    }

    private func host(_ stored: FilePath) throws(HookError) -> FilePath {
        do {
            return try settings.root.host(stored)
        } catch {
            throw .unreadable(error)
        }
    }

    // MARK: - Configuration

    private func configured(
        _ event: HookEvent, _ hookSettings: HookSettings, _ isListing: Bool
    ) throws(HookError) -> [Hook] {
        var hooks: [Hook] = []
        for name in hookSettings.names {
            let events = hookSettings.values(name, "event")
            // A list shows it below every event, for want of the right one.
            let unknown = events.first { value in !HookEvent.all.contains { $0.name == value.text } }
            guard let matching = unknown ?? events.first(where: { $0.text == event.name }) else { continue }
            var hook = Hook(
                name: FilePath(name), origin: .configured, place: FilePath(matching.origin), action: .program("", []))
            if let unknown {
                guard isListing else {
                    throw .badSetting(
                        key: "hook.\(name).event", value: unknown.text, origin: unknown.origin, remedy: "name an event")
                }
                hook.ignored = .unknownEvent
            } else {
                do throws(HookError) {
                    try complete(&hook, name, hookSettings)
                } catch {
                    guard isListing else { throw error }
                    hook.ignored = .wrong(error.diagnostic.statement)
                }
            }
            hooks.append(hook)
        }
        return hooks
    }

    /// What the settings of a hook say. Of one that is turned off nothing need be right: that may be why it is.
    private func complete(_ hook: inout Hook, _ name: String, _ hookSettings: HookSettings) throws(HookError) {
        let (isEnabled, origin) = try hookSettings.isEnabled(name)
        guard isEnabled else {
            hook.ignored = .disabled(origin)
            return
        }
        hook.action = try action(name, hookSettings, hook.place.printable)
        hook.timeLimit = try hookSettings.timeLimit(name)
        hook.isInImage = try hookSettings.isInImage(name)
        if case .postscript = hook.action { hook.isInImage = true }
        hook.hasNetwork = try hookSettings.hasNetwork(name)
    }

    private func action(
        _ name: String, _ hookSettings: HookSettings, _ origin: String
    ) throws(HookError) -> Hook.Action {
        if let postscript = hookSettings.values(name, "postscript").last {
            // As xCAT's postscripts attribute has it: a file name and words, separated by blanks.
            let words = postscript.text.split(whereSeparator: \.isWhitespace).map { Word($0) }
            guard let first = words.first, !first.bytes.contains(UInt8(ascii: "/")), first.bytes.first != 0x2e else {
                throw .badSetting(
                    key: "hook.\(name).postscript", value: postscript.text, origin: postscript.origin,
                    remedy: "name a file of \(installFolder.joined("postscripts").printable)")
            }
            let stored = installFolder.joined("postscripts").joined(FilePath(bytes: first.bytes))
            do {
                let path = try settings.root.host(stored)
                guard path.isRegularFile else {
                    throw HookError.postscriptNotFound(
                        hook: name, file: stored.printable, origin: postscript.origin)
                }
                return .postscript(path, Array(words.dropFirst()))
            } catch let error as HookError {
                throw error
            } catch {
                throw .postscriptNotFound(hook: name, file: stored.printable, origin: postscript.origin)
            }
        }
        let command = hookSettings.values(name, "command")
        guard let program = command.first, !program.text.isEmpty else {
            throw .badSetting(
                key: "hook.\(name).command", value: "", origin: origin, remedy: "set command or postscript")
        }
        let words = command.dropFirst().map { Word($0.text) }
        if try hookSettings.isInImage(name) { return .imageProgram(FilePath(program.text), words) }
        return .program(try located(program.text, name, program.origin), words)
    }

    private func located(_ program: String, _ name: String, _ origin: String) throws(HookError) -> FilePath {
        let candidates =
            program.hasPrefix("/")
            ? [FilePath(program)] : program.contains("/") ? [] : searchPath.map { $0.joined(program) }
        for candidate in candidates where candidate.isExecutableFile { return candidate }
        throw .programNotFound(hook: name, program: program, origin: origin)
    }
}

extension [UInt8] {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
