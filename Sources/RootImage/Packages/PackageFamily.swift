internal import Profiles
internal import Support
internal import SystemPackage

/// A family of distributions, found by the name of one. Each has a package manager; the flow around it is the same.
public struct PackageFamily: Sendable, Equatable {
    /// What works on the packages.
    public enum Manager: Sendable { case apt, dnf, zypper }

    public let manager: Manager
    let name: OSName
    /// As osarch has it.
    let arch: String

    private static let managers: [String: Manager] = [
        "debian": .apt, "ubuntu": .apt,
        "alma": .dnf, "centos": .dnf, "centos-stream": .dnf, "fedora": .dnf, "ol": .dnf, "rhel": .dnf, "rhelhpc": .dnf,
        "rhels": .dnf, "rocky": .dnf, "sl": .dnf,
        "leap": .zypper, "opensuse": .zypper, "sle": .zypper, "sles": .zypper,
    ]

    /// - Throws: `PackageError.unsupportedDistribution`.
    public init(osver: String, arch: String) throws(PackageError) {
        name = OSName(osver)
        self.arch = arch
        guard let manager = Self.managers[name.parts.base.lowercased()] else {
            throw .unsupportedDistribution(osver)
        }
        self.manager = manager
    }

    /// A driver and the temporary folder that it works in.
    public struct Session {
        public let driver: any PackageDriver
        private let workspace: FilePath

        init(_ driver: any PackageDriver, _ workspace: FilePath) { (self.driver, self.workspace) = (driver, workspace) }

        public func end() { try? workspace.removeTree() }
    }

    /// Gets ready to work on `folder`. Call it under the lock, and `end` afterwards.
    public func session(_ folder: ImageFolder, source: PackageSource, _ settings: PackageSettings) throws -> Session {
        let workspace = try folder.makeTemporary("packages")
        do {
            try folder.logFile.removeFile()
            let driver = try driver(workspace, folder, source, settings)
            try ForeignArchitecture(arch).check()
            return Session(driver, workspace)
        } catch {
            try? workspace.removeTree()
            throw error
        }
    }

    private func driver(
        _ workspace: FilePath, _ folder: ImageFolder, _ source: PackageSource, _ settings: PackageSettings
    ) throws -> any PackageDriver {
        switch manager {
        case .apt:
            let architecture = try AptDriver.architecture(arch)
            return try AptDriver(
                folder: workspace, architecture: architecture,
                repositories: source.repositories(settings.requests, architecture), keyrings: source.keyrings,
                logFile: folder.logFile, settings)
        case .dnf, .zypper:
            let architecture = try RpmWorkspace.architecture(arch)
            let rpm = try RpmWorkspace(
                workspace, architecture: architecture,
                repositories: source.repositories(settings.requests, architecture), keyrings: source.keyrings,
                self, settings)
            let program = PackageProgram(
                logFile: folder.logFile, isInteractive: settings.isInteractive, progressMark: "Installing")
            return try manager == .dnf ? DnfDriver(rpm, program) : ZypperDriver(rpm, program)
        }
    }
}
