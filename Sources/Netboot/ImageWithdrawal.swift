internal import Digests
internal import Support
public import SystemPackage

/// What of an image nodes can fetch, and what of that may go.
///
/// Whoever changes anything holds the image's lock.
public struct ImageWithdrawal: Sendable {
    /// `<tftpdir>/xcat/osimage/<image>`
    public let bootFolder: FilePath
    /// Nodes whose boot files name the image, sorted; a boot file that belongs to no node by its name is told by that name.
    public let nodes: [String]
    /// The published folder, the packed roots under their stable names, and kept sets: in the order in which they are to go.
    public let removable: [FilePath]
    /// Of these, what stays because something boots from it.
    public let kept: [FilePath]

    /// - Parameters:
    ///   - rootimgFolder, tftpFolder: paths on the host.
    ///   - sparesNodes: whether what the image's own nodes boot from stays. What other images serve from here stays in any case.
    public init(image: String, rootimgFolder: FilePath, tftpFolder: FilePath, sparesNodes: Bool) throws {
        guard isFileName(image) else { throw NetbootError.badImageName(image) }
        let bootFolder = ImageBootFile.folder(of: image, tftpFolder: tftpFolder)
        let store = SetStore(rootimgFolder: rootimgFolder)
        let files = try Self.bootFiles(naming: image, below: tftpFolder)
        let isServed = sparesNodes && !files.isEmpty
        var spared = try ServedSets.digests(below: tftpFolder, except: bootFolder)
        if isServed, let current = try ImageBootFile.currentDigest(in: bootFolder) { spared.insert(current) }

        var (removable, kept): ([FilePath], [FilePath]) = ([], [])
        func sort(_ path: FilePath, stays: Bool) { if stays { kept.append(path) } else { removable.append(path) } }
        if bootFolder.exists { sort(bootFolder, stays: isServed) }
        let sets = try store.sets()
        let sparedRoots = try sets.filter { spared.contains($0.set.digest) }.compactMap {
            try $0.folder.joined($0.set.root.name).status()?.inode
        }
        for name in try rootimgFolder.directoryNames() where name.printable.hasPrefix("rootimg.") {
            let path = rootimgFolder.joined(name)
            sort(path, stays: try isServed || path.status().map { sparedRoots.contains($0.inode) } ?? false)
        }
        if !sets.contains(where: { spared.contains($0.set.digest) }) {
            if store.folder.exists { removable.append(store.folder) }
        } else {
            for set in sets { sort(set.folder, stays: spared.contains(set.set.digest)) }
        }
        self.bootFolder = bootFolder
        (self.removable, self.kept) = (removable, kept)
        nodes = Self.nodes(of: files)
    }

    /// Small files below the TFTP folder, except those of images, that name the image's folder there.
    private static func bootFiles(naming image: String, below tftpFolder: FilePath) throws -> [FilePath] {
        let mark = Array("xcat/osimage/\(image)/".utf8)
        return try ServedSets.files(below: tftpFolder, except: tftpFolder.joined("xcat/osimage")) { bytes in
            bytes.firstRange(of: mark) != nil
        }
    }

    private static func nodes(of files: [FilePath]) -> [String] {
        let names = Set(
            files.map { file in
                let name = file.lastName.printable
                let suffix = NodeBootFolder.suffixes.first { !$0.isEmpty && name.hasSuffix($0) }
                return String(name.dropLast(suffix?.count ?? 0))
            })
        // Loaders that look for a file by address have a second name for it.
        let plain = names.filter {
            $0.wholeMatch(of: /[0-9A-Fa-f]{8}|(grub\.cfg|yaboot\.conf)-.*/) == nil
        }
        return (plain.isEmpty ? names : plain).sorted()
    }
}
