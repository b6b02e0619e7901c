import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// What cannot be imported: a clear error, a status that is not 0, and nothing changed.
@Suite(.scratchDirectory) struct BadMediaTests {
    private var root: FilePath { Scratch.directory.joined("root") }

    init() throws {
        try root.createDirectories()
        try Scratch.directory.changePermissions(0o755)
    }

    /// Runs copycds, possibly through other programs, and expects exactly these errors.
    private func refuse(
        _ words: [Word], _ errors: String, through programs: [Word] = [], _ location: SourceLocation = #_sourceLocation
    ) throws {
        var catboat = Catboat(root: root)
        if programs.first == "setpriv" { catboat = try catboat.reachableByAll() }
        var tool = catboat.tool("copycds", words)
        if !programs.isEmpty {
            tool = Tool(
                FilePath(bytes: programs[0].bytes), programs.dropFirst() + [Word(tool.program)] + tool.words,
                environment: tool.environment)
        }
        let captured = try tool.capture()
        #expect(captured.ending == .exited(1), sourceLocation: location)
        #expect(String(decoding: captured.errors, as: UTF8.self) == errors, sourceLocation: location)
        #expect(try Catboat(root: root)("table-get", "osdistro").status == 1, sourceLocation: location)
        #expect(try root.joined("install").directoryNames().isEmpty, sourceLocation: location)
    }

    @Test func `a truncated image`() throws {
        let image = try TestSupport.TinyMedium.make("tiny.iso")
        let size = try #require(try image.status()).size
        let file = try FileDescriptor.open(image, .writeOnly)
        try file.resize(to: 1 << 20)
        try file.close()
        try refuse(
            [Word(image)],
            """
            Error: copycds was unable to mount \(image): the image is truncated: it has 1048576 of \(size) bytes
            hint: download it again

            """)
    }

    @Test func `an unknown distribution, and another architecture`() throws {
        let strange = try TestSupport.TinyMedium.make("tiny")
        let info = try strange.joined(".disk/info").readText()
        try AtomicFile.write(
            info.replacing("Debian GNU/Linux", with: "Plan Nine").utf8, to: strange.joined(".disk/info"))
        try refuse(
            [Word(strange)], "Error: copycds could not identify the ISO supplied, you may wish to try -n <osver>\n")
        let arm = try TestSupport.TinyMedium.make("arm", "--arch", "arm64")
        try refuse(["-a", "x86_64", Word(arm)], "Error: Requested Debian architecture x86_64, but media is arm64\n")
    }

    @Test(.enabled(if: geteuid() == 0)) func `no space`() throws {
        let image = try TestSupport.TinyMedium.make("tiny.iso", "--bulk", "8")
        let install = root.joined("install")
        try install.createDirectories()
        try refuse(
            [Word(image)],
            """
            media-copy: error: no space for the medium: it needs 12 MiB, 3 MiB are free: \
            '\(install)/debian12.99.0/.x86_64.tmp-media': free some there, or copy to another place with -p
            Error: Media copy operation failed, status 128

            """,
            through: [
                "unshare", "-m", "sh", "-c",
                "mount -t tmpfs -o size=4m none \(install) && \"$@\"; s=$?; ls -A \(install) >&2; exit $s", "sh",
            ])
    }

    @Test(.enabled(if: geteuid() == 0)) func `no permission`() throws {
        let image = try TestSupport.TinyMedium.make("tiny.iso")
        let install = root.joined("install")
        try install.createDirectories()
        try refuse(
            [Word(image)],
            """
            media-copy: error: cannot create directory: '\(install)/debian12.99.0': permission denied: \
            run as root or as the owner
            Error: Media copy operation failed, status 128

            """, through: ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])
    }

    /// A drive is read like an image; here the drive is a loop device.
    @Test(.enabled(if: geteuid() == 0 && FilePath("/dev/loop-control").exists)) func `a drive is no problem`() throws {
        let image = try TestSupport.TinyMedium.make("tiny.iso")
        let made = try Tool("losetup", ["--find", "--show", "--read-only", Word(image)]).capture()
        guard made.ending.isSuccess, let device = made.lines.first.map(String.init) else { return }
        defer { _ = try? Tool("losetup", ["--detach", Word(device)]).output() }
        let result = try Catboat(root: root)("copycds", "-i", Word(device))
        #expect(result.stdout == "OS Image:\(device)\nDISTNAME:debian12.99.0 \nARCH:amd64\nDISCNO:Binary-1\n\n")
    }
}
