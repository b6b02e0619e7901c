import Support
import SystemPackage
import TestSupport
import Testing

/// lskmodules and liteimg as people type them.
@Suite(.scratchDirectory, .enabled(if: Tool.isInstalled("rpmbuild"))) struct LskmodulesTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    private let listed = "alpha.ko: Alpha & <first>\nbeta-eth.ko: Driver beta-eth\ngamma.ko: Driver gamma\n"

    private func set(_ words: Word...) throws {
        let result = try catboat.run("table-set", words)
        try #require(result.status == 0, "\(result.stderr)")
    }

    /// Puts the package where a table says that packages are.
    private func install(_ name: String, as path: String) throws {
        let package = try DriverSite().package(name).make(.rpm)
        let target = Scratch.directory.joined(path)
        try target.removingLastComponent().createDirectories()
        try package.rename(to: target)
    }

    @Test func `driver updates of an osimage`() throws {
        try install("kmod-net", as: "drv/kmod-net.rpm")
        try set("osimage", "imagename=img", "osvers=rhels9.0")
        try set("linuximage", "imagename=img", "driverupdatesrc=rpm:/drv/kmod-net.rpm,/drv/kmod-net.rpm")
        #expect(try catboat("lskmodules", "-i", "img") == .init(status: 0, stdout: listed, stderr: ""))
        #expect(
            try catboat("lskmodules", "-V", "-i", "img").stderr == "Reading \(Scratch.directory)/drv/kmod-net.rpm\n")
        for option in ["-x", "--xml", "--XML"] as [Word] {
            #expect(
                try catboat("lskmodules", option, "-i", "img").stdout.hasPrefix(
                    """
                    <module>
                      <name> alpha.ko </name>
                      <description> Alpha &amp; &lt;first&gt; </description>
                    </module>
                    <module>
                    """))
        }
    }

    @Test func `kernel packages of distributions and updates, and driver packages of kits`() throws {
        try install("kernel-core", as: "install/rhels9.0/x86_64/BaseOS/Packages/kernel-core-5.14.0-70.el9.x86_64.rpm")
        try Scratch.write("broken", to: "install/rhels9.0/x86_64/BaseOS/Packages/kernel-devel-5.14.0-70.el9.x86_64.rpm")
        try Scratch.write("broken", to: "install/rhels9.0/x86_64/BaseOS/Packages/bash-5.rpm")
        try set("osdistro", "osdistroname=rhels9.0-x86_64", "arch=x86_64")
        #expect(try catboat("lskmodules", "-o", "rhels9.0-x86_64") == .init(status: 0, stdout: listed, stderr: ""))
        try set("osdistro", "osdistroname=rhels9.0-x86_64", "dirpaths=/elsewhere,/install/rhels9.0/x86_64")
        #expect(try catboat("lskmodules", "--osdistro", "rhels9.0-x86_64").stdout == listed)

        try install("kernel-modules", as: "upd/kernel-modules-5.14.0-71.rpm")
        try set("osdistroupdate", "osupdatename=u1", "dirpath=/upd")
        #expect(try catboat("lskmodules", "-u", "u1") == .init(status: 0, stdout: listed, stderr: ""))

        try install("kmod-kit", as: "kits/repo/kmod-kit.rpm")
        try set("kitrepo", "kitreponame=r1", "kitrepodir=/kits/repo")
        try set("kitcomponent", "kitcompname=c1", "kitreponame=r1", "driverpacks=kmod-kit.rpm")
        #expect(try catboat("lskmodules", "-c", "c1", "-u", "u1") == .init(status: 0, stdout: listed, stderr: ""))
    }

    @Test func `packages of a Debian pool`() throws {
        let package = try DriverSite().package("linux-image-6.1").make(.deb)
        let target = Scratch.directory.joined(
            "install/ubuntu22.04/x86_64/pool/main/l/linux/linux-modules-6.1_1_amd64.deb")
        try target.removingLastComponent().createDirectories()
        try package.rename(to: target)
        try set("osdistro", "osdistroname=ubuntu22.04-x86_64", "arch=x86_64")
        #expect(try catboat("lskmodules", "-o", "ubuntu22.04-x86_64") == .init(status: 0, stdout: listed, stderr: ""))
    }

    @Test func `without a place to look at there is nothing to say`() throws {
        let bare = try catboat("lskmodules")
        #expect(bare.status == 1 && bare.stderr == "Error: Specify a search location \n")
        #expect(bare.stdout.contains("USAGE: lskmodules "))
        for words in [["-h"], ["--help"], ["-?"]] as [[Word]] {
            let help = try catboat.run("lskmodules", words)
            #expect(help.status == 0 && help.stderr == "" && help.stdout.contains("USAGE: lskmodules "))
        }
        try set("osimage", "imagename=img", "osvers=rhels9.0")
        #expect(
            try catboat("lskmodules", "-i", "img")
                == .init(
                    status: 1, stdout: "",
                    stderr: "Error: No input search source found.\nhint: look at driverupdatesrc of osimage img\n"))
        #expect(
            try catboat("lskmodules", "-i", "nosuch")
                == .init(
                    status: 1, stdout: "", stderr: "Error: Could not find an object named 'nosuch' of type 'osimage'.\n"
                ))
    }

    @Test func `a file that cannot be read is told, and the others are listed`() throws {
        try install("kmod-net", as: "drv/kmod-net.rpm")
        try Scratch.write("broken", to: "drv/broken.rpm")
        try set("osimage", "imagename=img", "osvers=rhels9.0")
        try set("linuximage", "imagename=img", "driverupdatesrc=/drv/kmod-net.rpm,dud:/drv/broken.rpm")
        let told = try catboat("lskmodules", "-i", "img")
        #expect(told.status == 1 && told.stdout == listed)
        #expect(
            told.stderr.hasPrefix("kmodule-list: error: not a package, driver disk or kernel module, or damaged: '"))
    }
}

@Suite(.scratchDirectory) struct LiteimgTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory) }

    @Test func `liteimg refuses and says what to use instead`() throws {
        #expect(try catboat("table-set", "osimage", "imagename=img", "provmethod=netboot").status == 0)
        let bare = try catboat("liteimg")
        #expect(bare.status == 1 && bare.stderr == "" && bare.stdout.contains("USAGE: liteimg "))
        #expect(
            try catboat("liteimg", "nosuch")
                == .init(
                    status: 1, stdout: "",
                    stderr:
                        "Error: Cannot find image 'nosuch' from the osimage table.\nhint: see lsdef -t osimage for the names\n"
                ))
        #expect(
            try catboat("liteimg", "img")
                == .init(
                    status: 1, stdout: "",
                    stderr:
                        "Error: Please make sure that osimage.provmethod is set to statelite before calling this command.\n"
                        + "hint: netboot images are built with genimage and packimage\n"))
        #expect(
            try catboat("table-set", "osimage", "imagename=rhels9.0-x86_64-statelite-compute", "provmethod=statelite")
                .status
                == 0)
        let refused = try catboat("liteimg", "-p", "compute", "-a", "x86_64", "-o", "rhels9.0", "-t", "ramdisk")
        #expect(refused.status == 1 && refused.stdout == "")
        #expect(
            refused.stderr.hasPrefix(
                "Error: statelite nodes are not supported yet, and rhels9.0-x86_64-statelite-compute was not changed.\nhint: "
            ))
        #expect(try catboat("liteimg", "-v").stdout.hasPrefix("Version "))
    }
}
