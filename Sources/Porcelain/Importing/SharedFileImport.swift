internal import Settings
internal import Support
internal import SystemPackage

/// Finds what becomes of values that name files of xCAT's own data folder, which goes away with xCAT.
///
/// A file that is still there is copied to the site's profiles; one that is not is replaced by ours of the same
/// purpose; else the value stays and is told.
final class SharedFileImport {
    static let prefix = "/opt/xcat/share/xcat/"

    private let settings: Settings
    /// As stored, usually `/install/custom`.
    private let custom: FilePath
    /// What each path became.
    private var decided: [String: String] = [:]
    /// Files to be made: where, with what, and how.
    private(set) var copies: [(target: FilePath, bytes: [UInt8], permissions: UInt32)] = []
    private(set) var notes: [String] = []

    init(_ settings: Settings, installFolder: FilePath) {
        self.settings = settings
        custom = installFolder.joined("custom")
    }

    /// What stands around a path in a value.
    private static let separators = ",; \t\n\"'|="
    /// What may stand before a path in a list, with a colon between.
    private static let tags = ["s", "rpm", "dud", "d", "c"]

    /// A value with its paths replaced.
    func mapped(_ text: String) -> String {
        guard text.utf8.firstRange(of: Self.prefix.utf8) != nil else { return text }
        var result = ""
        var rest = text[...]
        while let range = rest.utf8.firstRange(of: Self.prefix.utf8) {
            guard Self.isPathStart(range.lowerBound, in: text) else {
                // Part of a URL, or of a path that only contains the folder's name.
                result += rest[..<range.upperBound]
                rest = rest[range.upperBound...]
                continue
            }
            let end = rest[range.lowerBound...].firstIndex { ",; \t\n\"'|=".contains($0) } ?? rest.endIndex
            result += rest[..<range.lowerBound]
            result += decide(String(rest[range.lowerBound..<end]))
            rest = rest[end...]
        }
        return result + rest
    }

    /// Whether a path begins at `index`: nothing but a separator or a tag stands before it.
    private static func isPathStart(_ index: String.Index, in text: String) -> Bool {
        guard let last = text[..<index].last else { return true }
        if separators.contains(last) { return true }
        guard last == ":" else { return false }
        let tag = text[..<index].dropLast().reversed().prefix { !separators.contains($0) }
        return tags.contains(String(tag.reversed()))
    }

    /// Makes the copies.
    func copy() throws {
        for copy in copies {
            let path = try settings.host(copy.target)
            try path.removingLastComponent().createDirectories()
            try AtomicFile.write(copy.bytes, to: path, permissions: copy.permissions)
        }
    }

    private func decide(_ path: String) -> String {
        if let known = decided[path] { return known }
        let result = find(path)
        decided[path] = result
        return result
    }

    private func find(_ path: String) -> String {
        let name = String(path.dropFirst(Self.prefix.count))
        guard !name.isEmpty, !name.split(separator: "/").contains("..") else {
            notes.append("'\(path)' is left as it is: it is no file of a profile.")
            return path
        }
        if let source = try? settings.root.host(FilePath(path)), source.exists { return copied(path, name, source) }
        if let shipped = shipped(name) {
            if shipped == name {
                notes.append("'\(path)' is not there any more: the file of that name that comes with catboat is used.")
                return path
            }
            notes.append("'\(path)' is not there any more: '\(Self.prefix)\(shipped)' of catboat takes its place.")
            return Self.prefix + shipped
        }
        notes.append(
            "'\(path)' is not there, and catboat has nothing like it: put the file there, or change the value.")
        return path
    }

    /// Plans a copy of a file and of what it includes.
    private func copied(_ path: String, _ name: String, _ source: FilePath) -> String {
        let target = custom.joined(FilePath(name))
        let bytes: [UInt8]
        let permissions: UInt32
        do {
            guard source.isRegularFile, let status = try source.targetStatus() else {
                notes.append("'\(path)' is left as it is: it is no regular file.")
                return path
            }
            permissions = status.permissions & 0o755
            bytes = withOwnIncludes(try source.readBytes(), of: name)
            if let there = try? settings.host(target).readBytes(), there != bytes {
                notes.append("'\(path)' is left as it is: '\(target.printable)' is there and differs.")
                return path
            }
        } catch {
            notes.append("'\(path)' is left as it is: \(error).")
            return path
        }
        copies.append((target, bytes, permissions))
        return target.printable
    }

    /// A list with its includes of xCAT's folder brought along: those by full path are replaced, those relative to the
    /// file are copied to the same place beside it.
    private func withOwnIncludes(_ bytes: [UInt8], of name: String) -> [UInt8] {
        guard bytes.count < 1 << 20, let text = String(validating: bytes, as: UTF8.self), text.contains("#INCLUDE")
        else {
            return bytes
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            guard line.hasPrefix("#INCLUDE"), let colon = line.firstIndex(of: ":") else { return String(line) }
            let rest = line[line.index(after: colon)...]
            let end = rest.firstIndex(of: "#") ?? rest.endIndex
            let included = String(rest[..<end])
            if included.hasPrefix(Self.prefix) { return line[...colon] + decide(included) + rest[end...] }
            if !included.hasPrefix("/"), let path = Self.sibling(included, of: name) { _ = decide(Self.prefix + path) }
            return String(line)
        }
        return Array(lines.joined(separator: "\n").utf8)
    }

    /// A path relative to the folder of `name`; nil when it leads out of xCAT's folder.
    private static func sibling(_ path: String, of name: String) -> String? {
        var parts = name.split(separator: "/").dropLast().map(String.init)
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                if parts.popLast() == nil { return nil }
            } else {
                parts.append(String(part))
            }
        }
        return parts.joined(separator: "/")
    }

    /// Our file of the same purpose: the name itself, else without architecture or release.
    private func shipped(_ name: String) -> String? {
        let parts = name.split(separator: "/").map(String.init)
        guard let file = parts.last else { return nil }
        let folder = parts.dropLast().joined(separator: "/")
        for candidate in Self.candidates(file) {
            let path = folder.isEmpty ? candidate : "\(folder)/\(candidate)"
            if settings.dataFolder.joined(FilePath(path)).isRegularFile { return path }
        }
        return nil
    }

    /// `P.OS.ARCH.E`, then `P.OS.E`, `P.ARCH.E` and `P.E`.
    static func candidates(_ file: String) -> [String] {
        let kinds = ["otherpkgs.pkglist", "pkglist", "exlist", "postinstall", "tmpl", "synclist"]
        guard let kind = kinds.first(where: { file.hasSuffix(".\($0)") }) else { return [file] }
        // A release such as rhels8.5.0 has dots of its own; the architecture is the last part.
        let stem = file.dropLast(kind.utf8.count + 1).split(separator: ".").map(String.init)
        guard let profile = stem.first, stem.count > 1 else { return [file] }
        let release = stem.dropFirst().dropLast().joined(separator: ".")
        var names = [file]
        if !release.isEmpty { names.append("\(profile).\(release).\(kind)") }
        names += ["\(profile).\(stem[stem.count - 1]).\(kind)", "\(profile).\(kind)"]
        return names
    }
}
