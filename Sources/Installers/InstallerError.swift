public import Support
public import SystemPackage

/// Why an installer's kernel and initramfs cannot be made ready.
public enum InstallerError: Diagnosable, Equatable {
    case unknownDistribution(String)
    case notFound([FilePath], arch: String)
    /// The kernel holds its initramfs: nothing can be added.
    case noInitramfs(FilePath)
    case unknownCompression(FilePath)
    case damaged(FilePath, reason: String)
    case noModules(FilePath)
    case badName(String)

    public var diagnostic: Diagnostic {
        switch self {
        case .unknownDistribution(let osver):
            Diagnostic(
                "no installer of this distribution is known", subject: osver,
                remedy: "Enterprise Linux and SLES have installers that take drivers")
        case .notFound(let folders, let arch):
            Diagnostic(
                "no kernel of an installer for \(arch)", subject: folders.map(\.printable).joined(separator: ","),
                remedy: "copy the medium with copycds, or correct pkgdir")
        case .noInitramfs(let path):
            Diagnostic(
                "this installer is one file, and drivers cannot be added", subject: path.printable,
                remedy: "clear driverupdatesrc and osupdatename of the osimage")
        case .unknownCompression(let path):
            Diagnostic(
                "initramfs is compressed in a way that is not known", subject: path.printable,
                remedy: "gzip, xz and zstd are known")
        case .damaged(let path, let reason):
            Diagnostic("initramfs is damaged", subject: path.printable, remedy: reason)
        case .noModules(let path):
            Diagnostic(
                "initramfs has no kernel modules", subject: path.printable,
                remedy: "is it the installer's? copy the medium again with copycds")
        case .badName(let name):
            Diagnostic("not an osimage name", subject: name, remedy: "use letters, digits, '-', '_' and '.'")
        }
    }
}
