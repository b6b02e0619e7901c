import Support
import SystemPackage
import TestSupport
import Testing

/// Extra folders of bundles, empty ones too: what they must not make.
@Suite(.scratchDirectory) struct HostileFolderTests: ForgesBundles {
    /// A bundle with an extra folder of this name that goes to `place`, with an empty folder in it.
    private func make(_ name: String, to place: String, mode: UInt32 = 0o755) throws {
        try make([extra("/x", to: place)]) { folder in
            let inner = folder.joined("extra/x").joined(FilePath(name))
            try inner.createDirectories()
            try inner.changePermissions(mode)
        }
    }

    @Test(arguments: [
        ("keys", "/install/custom"), (".import", "/install/netboot/debian12/x86_64/compute"), ("x", "/etc"),
        (".packed", "/install/site"), ("rootimg/etc/x", "/install/netboot/debian12/x86_64/compute"),
        (".state", "/install/netboot/debian12/x86_64/compute"), ("x", "/install/.catboat/journal"),
        ("osimage/\(image)/x", "/install/custom/hooks"), ("osimage/other", "/tftpboot/xcat"),
    ])
    func `an empty folder goes nowhere that a file may not go`(name: String, place: String) throws {
        let to = try BundleSite.empty("to")
        let before = try folders()
        try make(name, to: place)
        try expectRefused(to, told: "The bundle ")
        #expect(try folders() == before)
    }

    /// All folders of the site but Catboat's own.
    private func folders() throws -> [String] {
        var result: [String] = []
        let top = Scratch.directory.joined("to")
        try TreeWalk(top).run { entry in
            if entry.path == "install/.catboat" || entry.path == "install/custom/.git" { return .skip }
            if entry.status.kind == .directory { result.append(entry.path.printable) }
            return .enter
        }
        return result.sorted()
    }

    @Test func `a folder that is there is left as it is`() throws {
        let to = try BundleSite.empty("to")
        let keys = Scratch.directory.joined("to/install/custom/keys")
        try keys.createDirectories()
        try keys.changePermissions(0o700)
        try make("keys", to: "/install/custom", mode: 0o755)
        try to.succeed("imgimport", Word(bundle))
        #expect(try keys.status()?.permissions == 0o700)
    }

    @Test func `a folder gets no set-ID, and nobody else may change it`() throws {
        let to = try BundleSite.empty("to")
        try make("shared", to: "/install/site", mode: 0o7777)
        try to.succeed("imgimport", Word(bundle))
        #expect(try Scratch.directory.joined("to/install/site/shared").status()?.permissions == 0o755)
    }

    @Test func `a file and a folder for one place are refused`() throws {
        let to = try BundleSite.empty("to")
        let file = extra("/y/name", to: "/install/site")
        for inner in ["empty", "deep/file"] {
            try make([file, extra("/x", to: "/install/site/name")]) { folder in
                try write("1", "extra/name", in: folder)
                if inner == "empty" {
                    try folder.joined("extra/x/empty").createDirectories()
                } else {
                    try write("2", "extra/x/\(inner)", in: folder)
                }
            }
            try expectRefused(to, told: "The bundle brings a file and a folder for one place: '/install/site/name'")
        }
    }

    @Test func `a dry run tells of every file, folder and mode`() throws {
        let to = try BundleSite.empty("to")
        try make([extra("/x", to: "/install")]) { folder in
            try write("1", "extra/x/driverdisk/debian12/x86_64/dud.img", in: folder)
            try folder.joined("extra/x/empty").createDirectories()
        }
        let told = try to.succeed("imgimport", Word(bundle), "--dry-run")
        let disk = "/install/driverdisk/debian12/x86_64/dud.img"
        #expect(told.stdout.contains("  \(disk)\n") && told.stdout.contains("  /install/empty/\n"), "\(told)")
        #expect(told.stderr.contains("  driver disk \(disk)\n"), "\(told)")
        try to.succeed("imgimport", Word(bundle))
        let script = "/install/custom/netboot/debian/compute.postinstall"
        try Scratch.directory.joined("to\(script)").changePermissions(0o600)
        let again = try to.succeed("imgimport", Word(bundle), "--dry-run").stdout
        #expect(again.contains("  \(script) (mode)\n") && !again.contains("  \(disk)\n"), "\(again)")
    }

    @Test func `a link in a folder's place is no folder to make`() throws {
        let to = try BundleSite.empty("to")
        let site = Scratch.directory.joined("to/install/site")
        try site.createDirectories()
        try site.joined("shared").createSymbolicLink(to: "nowhere")
        try make("shared", to: "/install/site")
        try expectRefused(to, told: "Something other than a folder is in the way: '/install/site/shared'")
    }
}
