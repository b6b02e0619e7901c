public import Support
public import SystemPackage
internal import Versions

/// The kernel of a root image.
public struct KernelChoice: Sendable, Equatable {
    /// As in `/lib/modules/<version>`, e.g. `6.1.0-56-amd64`.
    public let version: String
    /// The kernel's file on the host.
    public let file: FilePath

    /// The kernel `wanted`, or the newest by version order.
    ///
    /// - Throws: `KernelChoiceError.notFound`.
    public init(tree: FilePath, wanted: String? = nil) throws {
        let root = RootFolder(tree)
        let versions = try wanted.map { [$0] } ?? Self.versions(tree: tree)
        for version in versions {
            for candidate in ["boot/vmlinux-", "boot/vmlinuz-", "boot/image-", "boot/Image-"].map({ $0 + version }) + [
                "lib/modules/\(version)/vmlinuz"
            ] {
                // Resolved inside the tree: /boot and /lib may be links, and must not lead out of it.
                let path = try root.host(FilePath("/" + candidate))
                guard path.isRegularFile else { continue }
                self.version = version
                file = path
                return
            }
        }
        throw KernelChoiceError.notFound(wanted ?? "", tree: tree)
    }

    /// Versions of the kernels in the image, newest first.
    public static func versions(tree: FilePath) throws -> [String] {
        let root = RootFolder(tree)
        var found: Set<String> = []
        for name in try root.host("/boot").directoryNames().map(\.printable) {
            for prefix in ["vmlinuz-", "vmlinux-", "image-", "Image-"] where name.hasPrefix(prefix) {
                found.insert(String(name.dropFirst(prefix.count)))
            }
        }
        for name in try root.host("/lib/modules").directoryNames()
        where try root.host(FilePath("/lib/modules").joined(name).joined("vmlinuz")).isRegularFile {
            found.insert(name.printable)
        }
        return found.filter { !$0.contains("rescue") }.sorted { VersionOrder.precedes($1, $0) }
    }
}

public enum KernelChoiceError: Diagnosable, Equatable {
    case notFound(String, tree: FilePath)

    public var diagnostic: Diagnostic {
        switch self {
        case .notFound(let version, let tree):
            Diagnostic(
                version.isEmpty ? "couldn't find a kernel" : "couldn't find the kernel file matched \(version)",
                subject: tree.joined("boot").printable, remedy: "add a kernel to the pkglist, e.g. linux-image-amd64")
        }
    }
}
