internal import CommandShell
internal import Definitions
internal import Hooks
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

#if canImport(Glibc)
    internal import Glibc
#endif

/// The store: that it can be read, and by root alone.
struct StoreCheck {
    let findings: [Finding]

    init(_ cluster: Cluster) throws {
        let place = try cluster.settings.storeLocation()
        let count = try cluster.store.rows("site").count
        var found = [Finding("store", .ok, "\(Self.shown(place)), \(count) settings of the site")]
        if count == 0 { found = [Finding("store", .error, "it is empty", remedy: "run catboat init")] }
        if place.hasPrefix("/"), let status = try FilePath(place).targetStatus(), status.permissions & 0o077 != 0 {
            found.append(
                Finding(
                    "store", .error, "others can read it, with its passwords: \(place)", remedy: "chmod 600 \(place)"))
        }
        if try cluster.site("master") == nil {
            found.append(
                Finding(
                    "store", .error, "nodes do not know the address of this server",
                    remedy: "chdef -t site master=ADDRESS"))
        }
        findings = found
    }

    /// A URL without its password.
    private static func shown(_ place: String) -> String {
        guard let scheme = place.firstRange(of: "://"), let at = place[scheme.upperBound...].lastIndex(of: "@") else {
            return place
        }
        return String(place[..<scheme.upperBound]) + String(place[place.index(after: at)...])
    }
}

/// The folders: that they are there, are root's, and have room.
struct FolderChecks {
    private(set) var findings: [Finding] = []

    init(_ cluster: Cluster) throws {
        let install = try cluster.installFolder
        let tftp = try cluster.tftpFolder
        // A root image, its packed form and a copy while it is built.
        check("installdir", install, try cluster.settings.host(install), room: 10 << 30)
        check("tftpdir", tftp, try cluster.settings.host(tftp), room: 256 << 20)
        let custom = install.joined("custom")
        check("custom", custom, try cluster.settings.host(custom), room: nil)
    }

    private mutating func check(_ name: String, _ stored: FilePath, _ path: FilePath, room: UInt64?) {
        guard let status = (try? path.targetStatus()) ?? nil, status.kind == .directory else {
            let remedy = "run catboat init, or set site.\(name)"
            return findings.append(
                Finding("folders", .error, "there is no folder \(stored.printable)", remedy: remedy))
        }
        if status.owner != 0 || status.permissions & 0o022 != 0 {
            findings.append(
                Finding(
                    "folders", .error, "others than root can write \(stored.printable)",
                    remedy: "chown root \(stored.printable); chmod go-w \(stored.printable)"))
        }
        guard path.withPlatformString({ access($0, W_OK) }) == 0 else {
            return findings.append(
                Finding(
                    "folders", .error, "\(stored.printable) cannot be written: \(Errno.latest)",
                    remedy: "mount it writable, or run as root"))
        }
        var room: UInt64? = room
        var free: UInt64 = 0
        if room != nil {
            let bytes = try? path.freeBytes()
            free = UInt64(bytes ?? 0)
            if bytes == nil { room = nil }
        }
        if let room, free < room {
            findings.append(
                Finding(
                    "folders", .warning, "\(stored.printable) has only \(free >> 20) MiB free",
                    remedy: "catboat gc removes old sets; images need several GiB while they are built"))
        } else {
            findings.append(
                Finding(
                    "folders", .ok, stored.printable + (room == nil ? "" : ", \(free >> 30) GiB free")))
        }
    }
}

/// Each osimage: that what it names is there.
struct ImageChecks {
    private(set) var findings: [Finding] = []

    init(_ cluster: Cluster) throws {
        let names = try cluster.osimageNames()
        var broken = 0
        for name in names {
            let missing: [String]
            do {
                missing = try Self.missing(cluster.osimage(name), cluster)
            } catch {
                // One that cannot be looked at is no reason to be silent about the others.
                broken += 1
                findings.append(Finding("osimages", name, error))
                continue
            }
            if missing.isEmpty { continue }
            broken += 1
            findings.append(
                Finding(
                    "osimages", .error, "\(name) names what is not there: \(missing.joined(separator: ", "))",
                    remedy: "create it, or correct it: chdef -t osimage \(name) ATTR=VALUE"))
        }
        if broken == 0 { findings.append(Finding("osimages", .ok, "\(names.count) osimages, all they name is there")) }
    }

    private static func missing(_ image: Osimage, _ cluster: Cluster) throws -> [String] {
        var missing: [String] = []
        for attribute in ["pkglist", "otherpkglist", "exlist", "synclists", "template", "postinstall"] {
            for entry in image.list(attribute) {
                let path = String(entry.prefix { !$0.isWhitespace })
                guard path.hasPrefix("/") else { continue }
                if try !cluster.settings.host(FilePath(path)).isRegularFile { missing.append("\(attribute) \(path)") }
            }
        }
        for entry in try image.pkgdirs(cluster) where entry.hasPrefix("/") {
            if try !cluster.settings.host(FilePath(entry)).isDirectory { missing.append("pkgdir \(entry)") }
        }
        return missing
    }
}

/// The history: that it is private and sound.
struct HistoryCheck {
    private(set) var findings: [Finding] = []

    init(_ cluster: Cluster) throws {
        let custom = try cluster.settings.host(cluster.installFolder.joined("custom"))
        let folder = custom.joined(".git")
        guard let status = try folder.targetStatus() else {
            findings = [Finding("history", .ok, "not begun yet: genimage begins it")]
            return
        }
        if status.kind == .directory, status.permissions & 0o077 != 0 {
            findings.append(
                Finding(
                    "history", .error, "others can read the repository \(folder.printable)",
                    remedy: "chmod 700 \(folder.printable)"))
        }
        let read = try Step("profile-log", ["-n", "1"], settings: cluster.settings).status(output: .null)
        guard read.isSuccess else {
            findings.append(
                Finding("history", .error, "it cannot be read", remedy: "git -C \(custom.printable) fsck"))
            return
        }
        guard Tool.isInstalled("git") else {
            findings.append(Finding("history", .ok, "it can be read; git is not here to check it further"))
            return
        }
        let words: [Word] = [
            "-C", Word(custom), "-c", "safe.directory=*", "fsck", "--connectivity-only", "--no-progress",
        ]
        let checked = try Tool("git", words).capture(limit: 1 << 20)
        let sound = checked.ending.isSuccess
        let last = String(decoding: checked.errors, as: UTF8.self).split(separator: "\n").first ?? ""
        findings.append(
            sound
                ? Finding("history", .ok, "the repository is sound")
                : Finding(
                    "history", .error, "the repository is damaged: \(last)",
                    remedy: "bring \(folder.printable) back from a backup, or clone it from another server"))
    }
}

/// The site's hooks: that those which would run are trusted and complete.
struct HookChecks {
    private(set) var findings: [Finding] = []

    init(_ cluster: Cluster) throws {
        let install = try cluster.installFolder
        let finder = HookFinder(
            settings: cluster.settings, installFolder: install,
            configuration: try cluster.settings.configuration(installFolder: install))
        var running = 0
        var told: Set<String> = []
        for event in HookEvent.all {
            for image in [nil] + (try cluster.osimageNames().map { $0 }) {
                do {
                    let hooks = try finder.hooks(of: event, image: image)
                    if image == nil { running += hooks.count { $0.ignored == nil } }
                    let wrong: [Hook.Ignored] = [.notExecutable, .notAFile, .notAFolder]
                    for hook in hooks where hook.ignored.map(wrong.contains) == true {
                        note(hook.place.printable, hook.ignored?.reason ?? "", &told)
                    }
                } catch {
                    let diagnostic = error.diagnostic
                    if told.insert(diagnostic.statement).inserted {
                        findings.append(
                            Finding("hooks", .error, diagnostic.statement, remedy: diagnostic.remedy))
                    }
                }
            }
        }
        if findings.isEmpty { findings.append(Finding("hooks", .ok, "\(running) hooks run for every image")) }
    }

    private mutating func note(_ place: String, _ reason: String, _ told: inout Set<String>) {
        guard told.insert(place).inserted else { return }
        findings.append(
            Finding(
                "hooks", .warning, "\(place) does not run: \(reason)",
                remedy: "make it executable, or rename it to end in .sample"))
    }
}
