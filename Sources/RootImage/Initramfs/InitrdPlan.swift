internal import KernelModules
internal import Support
public import SystemPackage

/// What an initramfs will be, decided from what the image holds before anything runs.
public struct InitrdPlan: Sendable, Equatable {
    /// What brings up the network in the initramfs: one of dracut's modules.
    public enum Network: String, Sendable, CaseIterable {
        case networkManager = "network-manager"
        case networkd = "systemd-networkd"
        case legacy = "network-legacy"
    }

    public enum Compression: String, Sendable {
        case zstd, gzip

        /// The command line of the compressor.
        var command: Word {
            switch self {
            case .zstd: "zstd -6 -T0 -q"
            case .gzip: "gzip -n -6"
            }
        }
    }

    public let kernel: KernelChoice
    public let architecture: String
    public let drivers: [String]
    public let network: Network
    public let compression: Compression
    /// What the node will be able to unpack, by the names of programs and drivers; sorted.
    public let tools: [String]

    /// - Parameters:
    ///   - wantedKernel: its version; the newest when nil.
    ///   - wantedNetwork: the choice for people who must have one; else the best that works.
    public init(
        tree: FilePath, wantedKernel: String? = nil, wantedDrivers: [String] = [], wantedNetwork: Network? = nil
    ) throws {
        let programs = ImagePrograms(tree)
        guard try programs.has("dracut") else { throw InitrdError.noDracut(tree) }
        let needed = ["curl", "cpio", "gzip", "sha256sum", "tar", "ip", "awk"]
        let missing = try needed.filter { try !programs.has($0) }
        guard missing.isEmpty else { throw InitrdError.missingPrograms(missing, tree) }
        kernel = try KernelChoice(tree: tree, wanted: wantedKernel)
        architecture = try ImagePrograms.architecture(of: tree)
        let modules = try RootFolder(tree).host(FilePath("/lib/modules").joined(kernel.version))
        guard let index = try ModuleIndex(folder: modules) else { throw InitrdError.noModules(kernel.version, tree) }
        drivers = try InitrdDrivers(wanted: wantedDrivers, architecture: architecture, index: index).names
        network = try Self.network(wantedNetwork, programs, tree)
        compression = try Self.compression(programs, kernel: kernel.version)
        let programsThatUnpack = try ["cpio", "gzip", "tar", "xz", "zstd"].filter { try programs.has($0) }
        tools = (programsThatUnpack + ["loop", "overlay", "squashfs"].filter { index.isKnown($0) }).sorted()
    }

    /// systemd-networkd of dracut 059 needs dbus-daemon in the image; without it the old scripts do, with dhclient.
    private static func network(_ wanted: Network?, _ programs: ImagePrograms, _ tree: FilePath) throws -> Network {
        for candidate in wanted.map({ [$0] }) ?? Network.allCases {
            guard try programs.hasDracutModule(candidate.rawValue) else { continue }
            let works =
                switch candidate {
                case .networkManager:
                    try programs.hasFile("/usr/libexec/nm-initrd-generator")
                        || programs.hasFile("/usr/lib/nm-initrd-generator")
                        || programs.hasFile("/usr/lib/NetworkManager/nm-initrd-generator")
                case .networkd:
                    try programs.hasFile("/usr/lib/systemd/systemd-networkd") && programs.has("networkctl")
                        && (programs.has("dbus-daemon") || programs.has("dbus-broker"))
                case .legacy: try programs.has("dhclient") && (programs.has("arping") || programs.has("arping2"))
                }
            if works { return candidate }
        }
        throw InitrdError.noNetwork(tree)
    }

    private static func compression(_ programs: ImagePrograms, kernel: String) throws -> Compression {
        guard try programs.has("zstd") else { return .gzip }
        for path in ["/boot/config-\(kernel)", "/lib/modules/\(kernel)/config"] {
            guard let text = try programs.text(of: path) else { continue }
            return text.split(separator: "\n").contains("CONFIG_RD_ZSTD=y") ? .zstd : .gzip
        }
        // A kernel that does not say what it can unpack can certainly do this.
        return .gzip
    }
}

/// Looks for programs and files in an image, symbolic links resolved inside it.
struct ImagePrograms {
    private let root: RootFolder

    init(_ tree: FilePath) { root = RootFolder(tree) }

    func has(_ program: String) throws -> Bool {
        for folder in ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"] {
            if try hasFile("\(folder)/\(program)") { return true }
        }
        return false
    }

    func hasFile(_ path: String) throws -> Bool { try root.host(FilePath(path)).isRegularFile }

    func hasDracutModule(_ name: String) throws -> Bool {
        try root.host("/usr/lib/dracut/modules.d").directoryNames().contains { $0.printable.dropFirst(2) == name }
    }

    func text(of path: String) throws -> String? {
        let file = try root.host(FilePath(path))
        return file.isRegularFile ? try file.readText() : nil
    }

    /// By the ELF header of the shell, as `uname -m` on the node says it.
    static func architecture(of tree: FilePath) throws -> String {
        let shell = try RootFolder(tree).host("/bin/sh")
        guard let architecture = elfArchitecture(of: shell) else { throw InitrdError.unknownArchitecture(tree) }
        return architecture
    }

    /// nil for a file that is no program of an architecture we know.
    static func elfArchitecture(of file: FilePath) -> String? {
        guard let descriptor = try? FileDescriptor.open(file, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? descriptor.close() }
        var header = [UInt8](repeating: 0, count: ELFHeader.length)
        guard let count = try? header.withUnsafeMutableBytes({ try descriptor.read(into: $0) }) else { return nil }
        return ELFHeader(header[..<count])?.architecture
    }
}
