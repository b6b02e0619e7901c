internal import Support
public import SystemPackage

/// A package with a few files, made by the tools of its distribution.
public struct SamplePackage {
    public enum Kind: Sendable { case rpm, deb }

    private let name: String
    /// A folder with the files.
    private let tree: FilePath

    public init(_ name: String) throws {
        self.name = name
        tree = Scratch.directory.joined("packages/\(name)")
        try tree.createDirectories()
    }

    /// Adds a file; `path` without a leading slash.
    @discardableResult
    public func file(_ path: String, _ bytes: [UInt8]) throws -> FilePath {
        let file = tree.joined(path)
        try file.removingLastComponent().createDirectories()
        try AtomicFile.write(bytes, to: file)
        return file
    }

    public func link(_ path: String, to target: String) throws {
        try tree.joined(path).removingLastComponent().createDirectories()
        try tree.joined(path).removeFile()
        try tree.joined(path).createSymbolicLink(to: FilePath(target))
    }

    /// The other name of a file that was added.
    public func hardLink(_ path: String, to first: String) throws {
        try tree.joined(first).hardLink(as: tree.joined(path))
    }

    public func make(_ kind: Kind, compression: String? = nil) throws -> FilePath {
        switch kind {
        case .rpm: try makeRPM(payload: compression ?? "w9.xzdio")
        case .deb: try makeDeb(compression ?? "xz")
        }
    }

    private func makeRPM(payload: String) throws -> FilePath {
        let top = Scratch.directory.joined("rpmbuild")
        let files = try tree.directoryNames().map { "/\($0.printable)" }.joined(separator: "\n")
        let specification = try Scratch.write(
            """
            Name: \(name)
            Version: 1
            Release: 1
            Summary: drivers for tests
            License: none
            BuildArch: noarch
            %define _binaries_in_noarch_packages_terminate_build 0
            %define _binary_payload \(payload)
            %define __os_install_post %{nil}
            %description
            Drivers for tests.
            %install
            mkdir -p %{buildroot}
            cp -a \(tree.printable)/. %{buildroot}/
            %files
            %defattr(-,root,root)
            \(files)

            """, to: "packages/\(name).spec")
        _ = try Tool(
            "rpmbuild",
            [
                "-bb", "--quiet", "--define", Word("_topdir \(top.printable)"), "--define",
                Word("_rpmdir \(Scratch.directory.printable)/packages"), Word(specification),
            ]
        ).output()
        return Scratch.directory.joined("packages/noarch/\(name)-1-1.noarch.rpm")
    }

    private func makeDeb(_ compression: String) throws -> FilePath {
        try file(
            "DEBIAN/control",
            Array(
                "Package: \(name)\nVersion: 1\nArchitecture: all\nMaintainer: T <t@example.invalid>\nDescription: test\n"
                    .utf8))
        let package = Scratch.directory.joined("packages/\(name)_1_all.deb")
        _ = try Tool(
            "dpkg-deb", [Word("-Z\(compression)"), "--root-owner-group", "-b", Word(tree), Word(package)]
        ).output()
        try tree.joined("DEBIAN").removeTree()
        return package
    }
}
