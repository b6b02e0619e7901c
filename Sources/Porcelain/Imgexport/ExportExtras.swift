internal import Bundles
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// Files and folders that `-e` adds to a bundle.
extension ExportTarget {
    mutating func addExtras(_ extras: [String]) throws {
        for extra in extras {
            let parts = extra.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let source = FilePath(String(parts[0])).absolute.simplified
            // Typed by the user: a path of the host, which below --root is one of the site's.
            let stored = cluster.settings.root.stored(source)
            let host = source.exists ? source : try cluster.settings.host(source)
            guard !parts[0].isEmpty, host.isRegularFile || host.isDirectory else {
                Console.error(Diagnostic("Can not find Extra file \(parts[0]).  Argument will be ignored"))
                isIncomplete = true
                continue
            }
            guard stored != "/" else {
                throw Self.failure("The root folder cannot be an extra file.", "name the folders that are needed")
            }
            let isFolder = host.isDirectory
            let folder = isFolder ? stored : stored.removingLastComponent()
            let typed = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : folder.printable
            guard FilePath(typed).isAbsolute else {
                throw Self.failure(
                    "The destination of an extra file is not absolute: '\(typed)'",
                    "give FILE:DIR with the whole path of DIR")
            }
            let destination = FilePath(typed).plain
            guard try addTargets(of: host, stored, isFolder, destination) else { continue }
            // xCAT writes the slash that somebody typed at its end.
            let slash = typed.hasSuffix("/") && destination != "/" ? "/" : ""
            manifest.extras.append(
                BundleManifest.Extra(src: stored.printable, dest: destination.printable + slash))
            let member = Array("extra/".utf8) + (isFolder ? Array(stored.bytes.dropFirst()) : stored.lastName.bytes)
            if let known = members[member] {
                guard known == host else {
                    throw Self.failure("Two extra files are called \(stored.lastName.printable).", "rename one of them")
                }
                continue
            }
            members[member] = host
            others.append(BundlePack.Source(member: member, source: host.bytes))
        }
    }

    /// Notes where the files of an extra go.
    /// - Returns: whether it brings anything: false when all of it is there already.
    /// - Throws: when another file goes to one of these places, and for what a bundle cannot hold.
    private mutating func addTargets(
        of host: FilePath, _ stored: FilePath, _ isFolder: Bool, _ destination: FilePath
    ) throws -> Bool {
        var found: [(target: FilePath, host: FilePath)] = []
        let folder = try isFolder ? ExportFolder(host, shown: stored) : nil
        if let folder {
            found = folder.files.map { (destination.joined($0), host.joined($0)) }
        } else {
            if let status = try host.targetStatus() { try ExportFolder.checkMode(status, stored) }
            found = [(destination.joined(stored.lastName), host)]
        }
        var isNew = found.isEmpty
        for (target, file) in found {
            let known = extraTargets[target]
            let other = known ?? items.first { $0.path == target }?.host
            if let other, other != file, try !Self.areEqual(other, file) {
                throw Self.failure(
                    "Two files would go to one place: '\(target.printable)'", "give one of them another FILE:DIR")
            }
            if known == nil { isNew = true }
            extraTargets[target] = file
        }
        if isNew, let folder {
            folder.warnOfMounts()
            folder.warnOfModes()
        }
        return isNew
    }

    static func areEqual(_ one: FilePath, _ other: FilePath) throws -> Bool {
        try BundleInstaller.digest(one) == BundleInstaller.digest(other)
    }
}
