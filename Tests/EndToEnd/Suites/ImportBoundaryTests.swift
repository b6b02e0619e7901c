import Support
import SystemPackage
import TestSupport
import Testing

/// Where files of bundles end up when links are on the way, and what they must not touch.
@Suite(.scratchDirectory) struct ImportBoundaryTests {
    private static let image = BundleSite.image
    private static let boot = "/install/netboot/debian12/x86_64/compute"
    private var bundle: FilePath { Scratch.directory.joined("image.tgz") }

    private struct Harm: CustomTestStringConvertible {
        /// Below the site, and where it leads.
        var link: (place: String, target: FilePath)?
        var destination: String
        var allowsOutside = false
        var testDescription: String { destination }
    }

    private static let corpus: [Harm] = [
        Harm(link: ("install/lnk", "/etc"), destination: "/install/lnk", allowsOutside: true),
        Harm(link: ("install/lnk", "/etc"), destination: "/install/lnk/new", allowsOutside: true),
        Harm(link: ("install/www", "/install/custom"), destination: "/install/www/keys"),
        Harm(link: ("install/www", "/install/custom"), destination: "/install/www/hooks/pre-genimage.d"),
        Harm(link: ("install/victim", "/install/netboot/victim"), destination: "/install/victim"),
        Harm(link: ("\(boot.dropFirst())/rootimg/var/run", "/run"), destination: "\(boot)/rootimg/var/run/cron"),
        Harm(destination: "\(boot)/rootimg/etc"), Harm(destination: "/install/netboot/victim/rootimg/etc"),
        Harm(destination: "/install/netboot/victim"), Harm(destination: "/tftpboot/xcat/osimage/victim"),
        Harm(destination: "/install/custom/osimage/victim"), Harm(destination: "/install/custom/hooks/pre-genimage.d"),
        Harm(destination: "/install/custom/hooks/osimage"), Harm(destination: "/install/custom/hooks/osimage/\(image)"),
        Harm(destination: "/install/custom/hooks/osimage/other/pre-genimage.d"),
    ]

    @Test func `a bundle stays where bundles may write`() throws {
        let from = try BundleSite.make("from", version: "1")
        try Scratch.write("x", to: "from/install/extra.conf")
        let to = try BundleSite.empty("to")
        try to.succeed("table-set", "osimage", "imagename=victim", "provmethod=netboot")
        try to.succeed("table-set", "linuximage", "imagename=victim", "rootimgdir=/install/netboot/victim")
        for folder in ["etc", "run", "install/custom/keys", "install/netboot/victim"] {
            try Scratch.directory.joined("to").joined(folder).createDirectories()
        }
        for harm in Self.corpus {
            try from.succeed(
                "imgexport", Word(Self.image), Word(bundle), "-e", Word("/install/extra.conf:\(harm.destination)"))
            let link = harm.link.map { Scratch.directory.joined("to").joined($0.place) }
            if let link, let target = harm.link?.target {
                try link.removingLastComponent().createDirectories()
                try link.createSymbolicLink(to: target)
            }
            let before = try BundleSite.state("to")
            let refused = try to("imgimport", Word(bundle))
            #expect(refused.status == 1)
            let start = harm.allowsOutside ? Self.outside : Self.closed
            #expect(refused.stderr.hasPrefix("Error: The bundle \(start)"), "\(harm): \(refused.stderr)")
            #expect(try BundleSite.state("to") == before)
            #expect(!Scratch.directory.joined("to/etc/extra.conf").exists)
            let allowed = try to("imgimport", Word(bundle), "--allow-outside", "--dry-run")
            #expect(allowed.status == (harm.allowsOutside ? 0 : 1), "\(harm): \(allowed)")
            try link?.removeFile()
        }
    }

    @Test func `the root image of another image stays what it is`() throws {
        let from = try BundleSite.make("from", version: "1")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let to = try BundleSite.empty("to")
        func define(_ name: String, _ provmethod: String, _ folder: String) throws {
            try to.succeed(
                "table-set", "osimage", Word("imagename=\(name)"), Word("provmethod=\(provmethod)"),
                "osvers=debian12", "osarch=x86_64", "profile=compute")
            try to.succeed("table-set", "linuximage", Word("imagename=\(name)"), Word("rootimgdir=\(folder)"))
        }
        // What is defined and was never built has nothing to lose.
        try define("other", "netboot", Self.boot)
        #expect(try to("imgimport", "--dry-run", Word(bundle)).status == 0)
        for folder in [Self.boot, "/install/netboot/debian12"] {
            try define("other", "netboot", folder)
            try Scratch.write("theirs", to: "to\(folder)/kernel")
            let before = try BundleSite.state("to")
            let refused = try to("imgimport", Word(bundle))
            #expect(refused.status == 1)
            #expect(
                refused.stderr.hasPrefix(
                    "Error: The bundle would change the root image of osimage other: '\(Self.boot)"),
                "\(refused)")
            #expect(try BundleSite.state("to") == before)
        }
        try Scratch.directory.joined("to/install/netboot/debian12/kernel").removeFile()
        // A copy has a folder of its own; the statelite image of a profile is beside the diskless one.
        try define("other", "netboot", Self.boot)
        try to.succeed("imgimport", Word(bundle), "-f", "compute2")
        try define("other", "statelite", Self.boot)
        try to.succeed("imgimport", Word(bundle))
        // Who shares a folder already did so knowingly.
        try define("other", "netboot", Self.boot)
        try to.succeed("imgimport", Word(bundle))
    }

    private static let outside = "puts a file outside the site's folders: "
    private static let closed = "would change what only the site decides: "

    @Test func `a link within the site's folders, and one that is such a folder, are followed`() throws {
        let from = try BundleSite.make("from", version: "1")
        try Scratch.write("x", to: "from/install/extra.conf")
        try from.succeed(
            "imgexport", Word(Self.image), Word(bundle), "-e", "/install/extra.conf:/install/lnk", "--complete")
        let to = try BundleSite.empty("to")
        let (install, data) = (Scratch.directory.joined("to/install"), Scratch.directory.joined("to/data"))
        try install.removeTree()
        try data.joined("real").createDirectories()
        try data.joined("lnk").createSymbolicLink(to: "real")
        try install.createSymbolicLink(to: "/data")
        try to.succeed("imgimport", Word(bundle))
        try to.succeed("imgimport", Word(bundle))
        #expect(try data.joined("real/extra.conf").readText() == "x")
        #expect(data.joined("netboot/debian12/x86_64/compute/kernel").isRegularFile)
        #expect(try BundleSite.stanza(to) == BundleSite.stanza(from))
    }

    @Test func `on the host itself links are looked at too`() throws {
        let from = try BundleSite.make("from", version: "1")
        try Scratch.write("x", to: "from/install/extra.conf")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let harmful = Scratch.directory.joined("harmful.tgz")
        try from.succeed(
            "imgexport", Word(Self.image), Word(harmful), "-e", "/install/extra.conf:/install/lnk/new")
        // /install leads to another place; /install/lnk leads out of it.
        let script = try Scratch.write(
            """
            umount /install && rmdir /install && mkdir -p /data/install /elsewhere && ln -s /data/install /install
            ln -s /elsewhere /install/lnk
            "$1" init > /dev/null
            "$1" imgimport "$2" > /dev/null; echo good $?
            test -f /data/install/netboot/debian12/x86_64/compute/kernel; echo there $?
            printf changed > /install/netboot/debian12/x86_64/compute/kernel
            "$1" imgimport "$2" | grep Moving
            "$1" imgimport "$3" > /dev/null; echo harmful $?
            ls /elsewhere

            """, to: "script")
        var tool = Catboat().tool("help")
        let folder = Scratch.directory.joined("host")
        tool.words = [Word(folder), "sh", Word(script), Word(tool.program), Word(bundle), Word(harmful)]
        tool.program = Catboat.projectFolder.joined("Tests/EndToEnd/in-scratch-root")
        let result = try tool.capture()
        let kernel = "\(Self.boot)/kernel"
        #expect(
            result.text == "good 0\nthere 0\n  Moving old \(kernel) to \(kernel).ORIG.\nharmful 1\n",
            "\(result.text)\(String(decoding: result.errors, as: UTF8.self))")
    }

    @Test func `a name that is none is refused before anything changes`() throws {
        let from = try BundleSite.make("from", version: "1")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let to = try BundleSite.empty("to")
        let before = try BundleSite.state("to")
        let calls: [[Word]] = [["a b"], ["x;y"], ["ok", "--name", ".x"], ["ok", "--name", "a/b"]]
        for words in calls {
            let result = try to.run("imgimport", [Word(bundle), "-f"] + words)
            #expect(result.status == 1)
            #expect(result.stderr.contains("cannot be the name of a"), "\(result.stderr)")
        }
        #expect(try BundleSite.state("to") == before)
        #expect(try to("table-get", "osimage", "ok").status == 1)
    }

    @Test func `what was changed here is kept in the history, and told`() throws {
        let from = try BundleSite.make("from", version: "1")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let to = try BundleSite.make("to", version: "2")
        try to.succeed("chdef", "-t", "osimage", "-o", Word(Self.image), "addkcmdline=quiet")
        let line =
            "The image \(Self.image) is there already; columns changed: comments; cleared: addkcmdline.\n"
        let plan = try to.succeed("imgimport", Word(bundle), "--dry-run", "--json")
        #expect(plan.stderr.contains(line), "\(plan.stderr)")
        #expect(plan.stdout.contains("\"column\":\"addkcmdline\"") && plan.stdout.contains("\"old\":\"quiet\""))
        #expect(try to.succeed("imgimport", Word(bundle)).stderr.contains(line))
        let log = try to.succeed("profile-log", Word(Self.image)).stdout.split(separator: "\n")
        let stanzas = try log.map { line in
            let commit = Word(String(line.prefix { $0 != "\t" && $0 != " " }))
            return try to("profile-show", "--at", commit, Word(Self.image), "stanza").stdout
        }
        #expect(stanzas.contains { $0.contains("quiet") } && !(stanzas.first ?? "").contains("quiet"), "\(log)")
    }

    // MARK: - What imgexport writes

    @Test func `what is named twice is exported once, and arrives`() throws {
        let from = try BundleSite.make("from", version: "1")
        try Scratch.write("1", to: "from/install/a b/f g")
        try Scratch.write("2", to: "from/install/a b/h")
        for extras in [
            ["/install/postscripts/setup", "--complete"], ["/install/a b/f g", "-e", "/install/a b"],
            ["/install/a b", "-e", "/install/a b/f g"], ["/install/a b/h", "-e", "/install/a b/h"],
        ] {
            try from.run("imgexport", [Word(Self.image), Word(bundle), "-e"] + extras.map { Word($0) }).expectSuccess()
            let to = try BundleSite.empty("to")
            try to.succeed("imgimport", Word(bundle))
            try Scratch.directory.joined("to").removeTree()
        }
    }

    @Test func `two files for one place, and a relative place, are refused`() throws {
        let from = try BundleSite.make("from", version: "1")
        for (file, text) in [("one/x", "1"), ("two/x", "2"), ("three/setup", "3")] {
            try Scratch.write(text, to: "from/install/\(file)")
        }
        for (words, message) in [
            (["-e", "/install/one/x:/install/d", "-e", "/install/two:/install/d"], "Two files would go to one place"),
            (
                ["-e", "/install/three/setup:/install/postscripts", "--complete"],
                "Two files would go to one place: '/install/postscripts/setup'"
            ),
            (["-e", "/install/one/x:post"], "The destination of an extra file is not absolute: 'post'"),
        ] {
            let result = try from.run("imgexport", [Word(Self.image), Word(bundle)] + words.map { Word($0) })
            #expect(result.status == 1 && result.stderr.hasPrefix("Error: \(message)"), "\(result)")
            #expect(!bundle.exists)
        }
    }

    @Test func `an operand too many is refused`() throws {
        let site = try BundleSite.make("site", version: "1")
        try site.succeed("imgexport", Word(Self.image), Word(bundle))
        let before = try BundleSite.state("site")
        let imported = try site("imgimport", Word(bundle), "other.tgz")
        #expect(imported.status == 1 && (imported.stderr + imported.stdout).contains("'other.tgz'"), "\(imported)")
        let exported = try site("imgexport", Word(Self.image), Word(Scratch.directory.joined("b")), "c", "d")
        #expect(exported.status == 1 && (exported.stderr + exported.stdout).contains("'c'"), "\(exported)")
        #expect(try BundleSite.state("site") == before && !Scratch.directory.joined("b").exists)
    }
}

extension Catboat.Result {
    fileprivate func expectSuccess() throws { try #require(status == 0, "\(self)") }
}
