internal import Bundles
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// Where the extra files of a bundle go.
extension ImportImage {
    mutating func addExtras() throws {
        for extra in manifest.extras {
            let source = FilePath(extra.src)
            guard source.isAbsolute, !source.components.contains(where: { $0.kind != .regular }) else {
                throw ImportRequest.failure("The bundle names a path that is not plain: '\(extra.src)'")
            }
            guard FilePath(extra.dest).isAbsolute else {
                throw ImportRequest.failure("The bundle names a path that is not plain: '\(extra.dest)'")
            }
            let prefix = Array("extra/".utf8)
            let folder = prefix + Array(FilePath("/").joined(source).bytes.dropFirst())
            let inner = names(below: folder)
            let destination = FilePath("/").joined(FilePath(extra.dest))
            if let member = members[prefix + source.lastName.bytes], folderModes[folder] == nil, !member.isLink {
                lines.append(destination.joined(source.lastName).printable)
                try addExtra(member, to: destination.joined(source.lastName), isShown: true)
                continue
            }
            guard let mode = folderModes[folder] else {
                throw ImportRequest.failure("The bundle does not have the extra file \(extra.src).")
            }
            lines.append(extra.dest)
            // xCAT makes the top with whatever mode.
            try addFolder(destination, answer.index == nil ? "755" : mode, isEmpty: inner.isEmpty)
            for name in folderNames.below(folder) {
                let relative = FilePath(bytes: name.dropFirst(folder.count + 1))
                try addFolder(
                    destination.joined(relative), folderModes[name] ?? "755", isEmpty: names(below: name).isEmpty)
            }
            for name in inner {
                guard let member = members[name] else { continue }
                let relative = FilePath(bytes: name.dropFirst(folder.count + 1))
                if member.isLink { try checkLink(name, relative) }
                try addExtra(member, to: destination.joined(relative), isShown: false)
            }
        }
    }

    private mutating func addExtra(_ member: BundleRecord.Member, to path: FilePath, isShown: Bool) throws {
        try site.count.take()
        let target = try boundary.checkedFile(path.printable, image: name, own: rootFolders)
        if let known = digest(of: target) {
            // What was named twice is one file.
            guard known == member.sha256 else { throw Self.collision(target) }
            return
        }
        try append(member, to: target, isShown: isShown, isExtra: true)
    }

    /// - Parameter isEmpty: whether no file of the bundle goes there, so that its path is looked at for its own sake.
    private mutating func addFolder(_ path: FilePath, _ mode: String, isEmpty: Bool) throws {
        // Of one that is there nothing is changed.
        if isEmpty, try cluster.settings.host(path).isDirectory { return }
        let target = isEmpty ? try boundary.checkedFile(path.printable, image: name, own: rootFolders) : path
        try site.count.take()
        folders.append(Folder(target: target, mode: mode))
    }

    /// A link of a folder must stay within that folder, also after it was moved.
    func checkLink(_ name: [UInt8], _ relative: FilePath) throws {
        let target = try stage.joined(FilePath(bytes: name)).linkText()
        guard LinkTarget(target.bytes).staysWithin(relative.bytes) else {
            throw ImportRequest.failure(
                "The bundle has a link that leads out of its folder: '\(String(decoding: name, as: UTF8.self))'",
                "do not import it")
        }
    }
}

extension FilePath {
    /// Target of the symbolic link that this is.
    func linkText() throws -> FilePath {
        let folder = removingLastComponent()
        let descriptor = try FileError.wrap("open directory", folder) {
            try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
        }
        defer { try? descriptor.close() }
        return FilePath(bytes: try descriptor.linkTarget(at: lastName))
    }
}
