import Support
import SystemPackage
import TestSupport
import Testing

/// Driver updates in genimage and geninitrd: from the definition to the initramfs and the history.
@Suite(.scratchDirectory, .enabled(if: Tool.isInstalled("rpmbuild"))) struct DriverUpdateTests {
    /// The newest kernel of a tiny medium.
    private static func kernel(_ family: TinyFamily) -> String {
        switch family {
        case .debian: "6.1.0-10-tiny"
        case .el: "4.18.0-372.el8.x86_64"
        case .sles: "5.3.18-57-default"
        }
    }

    /// Puts a package with these drivers below the site, and gives its stored path.
    private func install(_ site: TinySite, _ path: String, _ kind: SamplePackage.Kind, _ drivers: String...) throws
        -> Word
    {
        let package = try SamplePackage(FilePath(path).lastName.printable.prefix { $0 != "." }.description)
        for name in drivers {
            try package.file(
                "lib/modules/\(Self.kernel(site.family))/extra/\(name).ko", SampleModule("new \(name)").bytes)
        }
        let made = try package.make(kind)
        let target = site.root.joined(path)
        try target.removingLastComponent().createDirectories()
        try made.rename(to: target)
        return Word("/\(path)")
    }

    private func drivers(_ site: TinySite) throws -> [String] {
        let text = try site.host(site.rootimgdir).joined(".initrd.json").readText()
        let list = try #require(text.firstMatch(of: /"drivers":\[([^\]]*)\]/)?.1)
        return list.split(separator: ",").map { $0.filter { $0 != "\"" } }
    }

    private func set(_ site: TinySite, _ attributes: Word...) throws {
        let words: [Word] = ["-t", "osimage", "-o", Word(site.osimage)] + attributes
        try #require(try site.catboat.run("chdef", words).status == 0)
    }

    @Test(arguments: TinyFamily.allCases)
    func `drivers of packages and driver disks come into the image and its initramfs`(family: TinyFamily) throws {
        let site = try TinySite(family: family)
        let image = Word(site.osimage)
        let rpm = try install(site, "drv/kmod-a.rpm", .rpm, "e1000", "alpha")
        _ = try install(site, "install/driverdisk/\(family.osver)/x86_64/kmod-b.deb", .deb, "beta")
        try set(site, Word("driverupdatesrc=rpm:\(rpm)"), "netdrivers=beta")
        let first = try site.catboat.succeed("genimage", image)
        #expect(first.stdout.contains("Drivers put into the image: beta, e1000\n"))
        #expect(first.stderr.contains("nobody asked for these drivers: 'alpha'"))
        #expect(try drivers(site) == ["virtio_net", "e1000", "beta"])
        let modules = site.rootimg.joined("usr/lib/modules").joined(Self.kernel(family))
        #expect(try modules.joined("kernel/drivers/net/e1000.ko").readBytes() == SampleModule("new e1000").bytes)

        try set(site, "netdrivers=allupdate")
        let second = try site.catboat.succeed("geninitrd", image)
        #expect(second.stdout.contains("Drivers put into the image: alpha, beta, e1000\n"))
        #expect(try Set(drivers(site)) == ["virtio_net", "e1000", "alpha", "beta"])

        // The recipe knows which files these were, by digest.
        let recipe = try site.catboat.succeed("profile-show", image).stdout
        for path in ["\(rpm)", "/install/driverdisk/\(family.osver)/x86_64/kmod-b.deb"] {
            #expect(
                recipe.split(separator: "\n").contains { $0.hasPrefix("digest\tsha256:") && $0.hasSuffix("\t\(path)") })
        }
        let before = try site.catboat.succeed("profile-log", image).stdout
        _ = try install(site, "drv/kmod-a.rpm", .rpm, "e1000", "alpha", "delta")
        try site.catboat.succeed("geninitrd", image)
        #expect(try site.catboat.succeed("profile-log", image).stdout != before)
        #expect(try drivers(site).contains("delta"))
        try site.catboat.succeed("packimage", image)
        #expect(try site.served().count == 3)
    }

    @Test func `a driver for another kernel needs --ignorekernelchk`() throws {
        let site = try TinySite()
        let package = try SamplePackage("kmod-old")
        try package.file("lib/modules/5.0.0/extra/e1000.ko", SampleModule("old e1000", kernel: "5.0.0").bytes)
        try package.make(.rpm).rename(to: site.root.joined("kmod-old.rpm"))
        try set(site, "driverupdatesrc=/kmod-old.rpm")
        let checked = try site.catboat.succeed("genimage", Word(TinySite.osimage))
        #expect(checked.stdout.contains("Drivers put into the image: none\n"))
        #expect(checked.stderr.contains("(genimage --ignorekernelchk)"))
        let ignored = try site.catboat.succeed("geninitrd", "--ignorekernelchk", Word(TinySite.osimage))
        #expect(ignored.stdout.contains("Drivers put into the image: e1000\n"))
    }

    @Test func `what is missing or damaged stops genimage`() throws {
        let site = try TinySite()
        try set(site, "driverupdatesrc=dud:/nosuch.iso")
        let missing = try site.catboat("genimage", Word(TinySite.osimage))
        #expect(missing.status == 1)
        #expect(missing.stderr.hasPrefix("Error: The driverupdatesrc specified '/nosuch.iso' does not exist!\nhint: "))
        #expect(!site.host(site.rootimgdir).exists)
        try AtomicFile.write("broken\n".utf8, to: site.root.joined("nosuch.iso"))
        let damaged = try site.catboat("genimage", Word(TinySite.osimage))
        #expect(damaged.status == 1)
        #expect(
            damaged.stderr.contains("kmodule-extract: error: not a package, driver disk or kernel module, or damaged: ")
        )
        #expect(
            try site.catboat("packimage", Word(TinySite.osimage)).stderr.hasPrefix("Error: root image is not finished"))
        try set(site, "driverupdatesrc=")
        try site.catboat.succeed("genimage", Word(TinySite.osimage))
    }
}

@Suite(.scratchDirectory) struct GeninitrdTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory) }

    private func define(_ image: String, _ attributes: Word...) throws {
        #expect(try catboat.run("mkdef", ["-t", "osimage", "-o", Word(image)] + attributes).status == 0)
    }

    private func expectRefusal(_ told: String, _ words: Word..., location: SourceLocation = #_sourceLocation) throws {
        let result = try catboat.run("geninitrd", words)
        #expect(
            result.status == 1 && result.stderr.hasPrefix("Error: \(told)\n"), "\(result)", sourceLocation: location)
    }

    @Test func `what has no initramfs to build is told`() throws {
        let bare = try catboat("geninitrd")
        #expect(bare.status == 1 && bare.stderr == "" && bare.stdout.contains("USAGE: geninitrd "))
        try expectRefusal("Cannot find image 'nosuch' from the osimage table.", "nosuch")
        try define("deb", "osvers=debian12", "osarch=x86_64", "provmethod=install", "imagetype=linux")
        try expectRefusal("unknow osvers [debian12].", "deb")
        try define("win", "osvers=win2k", "osarch=x86_64", "provmethod=sysclone", "imagetype=linux")
        try expectRefusal("provmethod 'sysclone' of win has no initramfs to be built.", "win")
        try Scratch.write("bash\n", to: "list")
        try define(
            "net", "osvers=debian12", "osarch=x86_64", "provmethod=netboot", "profile=compute", "imagetype=linux",
            "pkglist=/list", "pkgdir=/install")
        try expectRefusal("The genimage should be run before running geninitrd.", "net")
        try define("el", "osvers=rhels9.0", "osarch=x86_64", "provmethod=install", "imagetype=linux", "pkgdir=/m")
        let unready = try catboat("geninitrd", "el")
        #expect(unready.status != 0)
        #expect(
            unready.stderr.contains(
                "no kernel of an installer for x86_64: '\(Scratch.directory)/m': copy the medium with copycds, or correct pkgdir"
            ))
    }

    @Test func `an installer is put before the nodes, and hooks are asked`() throws {
        try Scratch.write("linux", to: "m/1/boot/x86_64/loader/linux")
        try Scratch.write("initrd", to: "m/1/boot/x86_64/loader/initrd")
        try define("sle", "osvers=sle15.3", "osarch=x86_64", "provmethod=install", "imagetype=linux", "pkgdir=/m")
        #expect(
            try catboat("geninitrd", "sle")
                == .init(status: 0, stdout: "initrd and linux of sle are in /tftpboot/xcat/osimage/sle.\n", stderr: ""))
        #expect(try Scratch.directory.joined("tftpboot/xcat/osimage/sle/linux").readText() == "linux")
        try Scratch.write("#!/bin/sh\nexit 3\n", to: "install/custom/hooks/pre-geninitrd", permissions: 0o755)
        try Scratch.write("newer", to: "m/1/boot/x86_64/loader/linux")
        let vetoed = try catboat("geninitrd", "sle")
        #expect(vetoed.status == 1 && vetoed.stderr.contains("a hook of pre-geninitrd refused"))
        #expect(try Scratch.directory.joined("tftpboot/xcat/osimage/sle/linux").readText() == "linux")
        #expect(try catboat("geninitrd", "--no-hooks", "sle").status == 0)
        #expect(try Scratch.directory.joined("tftpboot/xcat/osimage/sle/linux").readText() == "newer")
    }
}
