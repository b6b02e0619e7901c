internal import Sandbox
public import Support
public import SystemPackage

/// What genimage and its steps made in a rootimgdir, for removal. What nodes fetch from there is none of this.
public struct WorkspaceRemoval: Sendable {
    private let folder: ImageFolder

    public init(_ folder: ImageFolder) { self.folder = folder }

    /// Those that are there: the tree, kernel and initramfs for every kind of root, then notes and logs.
    ///
    /// The tree comes last: without it nothing else is taken for an image.
    public var paths: [FilePath] {
        let made: [FilePath] = [
            "kernel", "initrd-stateless.gz", "initrd-statelite.gz", "initrd.gz", "rootimg-statelite.gz", ".initrd.json",
            ".initrd.log", ".locked", ".stage",
        ]
        let notes = [folder.changesFile, folder.listingFile, folder.logFile, folder.stateFile]
        return (made.map { folder.path.joined($0) } + notes + [folder.tree]).filter(\.exists)
    }

    /// Removes what killed runs left. Only under the lock.
    public func sweep() throws {
        for name in try folder.path.directoryNames() {
            let text = name.printable
            guard text.hasPrefix("."), text.contains(".tmp-") else { continue }
            try folder.path.joined(name).removeTree()
        }
    }

    /// - Throws: `WorkspaceRemovalError.mounted` when something is mounted in one of `paths`: what is mounted there is not the image's.
    public static func refuseMounts(in paths: [FilePath]) throws {
        for path in paths {
            guard let point = try MountTable.points(in: path).first else { continue }
            throw WorkspaceRemovalError.mounted(point)
        }
    }
}

public enum WorkspaceRemovalError: Diagnosable, Equatable {
    case mounted(FilePath)

    public var diagnostic: Diagnostic {
        switch self {
        case .mounted(let point):
            Diagnostic(
                "something is mounted in the image", subject: point.printable, remedy: "run umount \(point.printable)")
        }
    }
}
