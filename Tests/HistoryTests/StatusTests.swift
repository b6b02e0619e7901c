import Support
import SystemPackage
import TestSupport
import Testing

/// What `catboat status` says after every step of an image's life; `.state` is as genimage leaves it.
@Suite(.scratchDirectory) struct StatusTests {
    private let site = HistorySite()
    private let catboat = Catboat(root: Scratch.directory)
    private let folder = "install/netboot/img"

    private func set(_ words: Word...) throws {
        try #require(try catboat.run("table-set", words).status == 0)
    }

    private func define() throws {
        try set("osimage", "imagename=img", "imagetype=linux", "provmethod=netboot", "osvers=debian12")
        try set(
            "linuximage", "imagename=img", "pkglist=/install/custom/a.pkglist", "exlist=/install/custom/a.exlist",
            "rootimgdir=/\(folder)")
        try site.write("bash\n", to: "/install/custom/a.pkglist")
        try site.write("./tmp*\n", to: "/install/custom/a.exlist")
    }

    private func commit(_ image: Word = "img") throws -> String {
        let result = try catboat("profile-commit", image)
        try #require(result.status == 0, "\(result)")
        return String(result.stdout.prefix { $0 != "\t" })
    }

    /// As genimage: the recipe first, `.state` last.
    private func genimage(_ image: Word = "img", step: String = "complete", at time: String = "now") throws {
        let recipe = try commit(image)
        let text = "{\"step\":\"\(step)\",\"requested\":[],\"installed\":[],\"version\":1,\"recipe\":\"\(recipe)\"}"
        let state = try Scratch.write(text, to: "install/netboot/\(image)/.state")
        _ = try Tool("touch", ["-d", Word(time), Word(state)]).output()
    }

    /// As packimage: recipe, set, record with what `.state` says.
    private func packimage(_ digest: Character, tree: String? = nil, imported: Bool = false) throws {
        _ = try commit()
        let text = "sha256:" + String(repeating: digest, count: 64)
        _ = try site.record(["digests": "set\t\(text)\n", "packages": "bash\t5.2\tamd64\n"])
        var words: [Word] = ["--build-record", Word(Scratch.directory.joined("record"))]
        if let tree { words += ["--tree-recipe", Word(tree)] }
        if imported { words += ["--imported", "image.tgz, commit 1234"] }
        try #require(try catboat.run("profile-commit", words + ["img"]).status == 0)
    }

    private var treeRecipe: String {
        get throws {
            let text = try Scratch.directory.joined("\(folder)/.state").readText()
            return String(try #require(text.firstMatch(of: /"recipe":"([0-9a-f]+)"/)).1)
        }
    }

    /// The state, and what changed.
    private func status(_ image: Word = "img") throws -> [String] {
        let result = try catboat("status", image)
        #expect(result.status == 0, "\(result)")
        return result.stdout.split(separator: "\n").map { line in
            line.hasPrefix("    ")
                ? String(line.dropFirst(4))
                : String(line.dropFirst("\(image): ".count)).replacing(#/ \(built [0-9a-f]{12}\)$/#, with: "")
        }
    }

    @Test func `from nothing to a published build`() throws {
        try define()
        #expect(try status() == ["never built: genimage needed"])
        try genimage(step: "populating")
        #expect(try status() == ["unfinished: genimage needed"])
        try genimage()
        #expect(try status() == ["built, not published: packimage needed"])
        try packimage("a", tree: treeRecipe)
        #expect(try status() == ["up to date"])
        try genimage(step: "populated", at: "+1 hour")
        #expect(try status() == ["unfinished: genimage needed"])
        // Later than the record, whatever the clock's resolution.
        try genimage(at: "+1 hour")
        #expect(try status() == ["built, not published: packimage needed"])
        #expect(try catboat("status", "none").status == 128)
        try set("osimage", "imagename=img", "provmethod=install")
        #expect(try status() == ["nothing to build: provmethod install"])
    }

    @Test func `a list that was edited before packimage alone needs genimage`() throws {
        try define()
        try genimage()
        try packimage("a", tree: treeRecipe)
        try site.write("bash\nmc\n", to: "/install/custom/a.pkglist")
        #expect(try status() == ["changed: genimage needed", "file a.pkglist"])
        try packimage("b", tree: treeRecipe)
        #expect(try status() == ["changed: genimage needed", "file a.pkglist"])
        try genimage()
        #expect(try status() == ["built, not published: packimage needed"])
        try packimage("c", tree: treeRecipe)
        #expect(try status() == ["up to date"])
        let json = try catboat("status", "--json").stdout
        #expect(json.hasPrefix("{\"osimages\":[{\"changes\":[],\"commit\":\""))
        #expect(try catboat("status", "--porcelain=v1").stdout.hasPrefix("up to date\t"))
    }

    @Test func `what packimage takes up needs no genimage, and what nodes read needs neither`() throws {
        try define()
        try site.write("/etc/hosts -> /etc/hosts\n", to: "/install/custom/a.synclist")
        try site.write("one\n", to: "/etc/hosts")
        try site.write("#!/bin/sh\n", to: "/install/postscripts/mine", permissions: 0o755)
        try set("osimage", "imagename=img", "synclists=/install/custom/a.synclist", "postscripts=mine")
        try genimage()
        try packimage("a", tree: treeRecipe)
        #expect(try status() == ["up to date"])
        for (path, name) in [
            ("/install/custom/a.exlist", "a.exlist"), ("/install/custom/a.synclist", "a.synclist"),
            ("/etc/hosts", "/etc/hosts"), ("/install/postscripts/mine", "/install/postscripts/mine"),
        ] {
            let before = try Scratch.directory.joined(String(path.dropFirst())).readText()
            try site.write(before + "# more\n", to: path)
            #expect(try status() == ["changed: packimage needed", "file \(name)"])
            try site.write(before, to: path, permissions: path.contains("postscripts") ? 0o755 : 0o644)
        }
        #expect(try status() == ["up to date"])
        try set("osimage", "imagename=img", "postscripts=")
        try set("linuximage", "imagename=img", "addkcmdline=debug")
        #expect(
            try status() == [
                "up to date", "attribute addkcmdline (nothing to build)", "attribute postscripts (nothing to build)",
                "file /install/postscripts/mine (nothing to build)",
            ])
        try set("osimage", "imagename=img", "profile=other")
        #expect(try status().first == "changed: genimage needed")
    }

    @Test(arguments: [
        ("post-populate.d/10-x", "changed: genimage needed"), ("pre-genimage", "changed: genimage needed"),
        ("osimage/img/pre-publish.d/10-x", "changed: packimage needed"), ("post-imgexport.d/10-x", "up to date"),
    ]) func `a hook counts for the command that runs it`(name: String, state: String) throws {
        try define()
        try genimage()
        try packimage("a", tree: treeRecipe)
        try site.write("#!/bin/sh\n", to: "/install/custom/hooks/\(name)", permissions: 0o755)
        #expect(try status() == [state, "file hooks/\(name)\(state == "up to date" ? " (nothing to build)" : "")"])
        try Scratch.directory.joined("install/custom/hooks/\(name)").removeFile()
        #expect(try status() == ["up to date"])
    }

    @Test(arguments: [
        ("[sets]\nkeep = 5\n", "up to date"),
        ("[hook \"a\"]\nevent = post-populate\ncommand = true\n", "changed: genimage needed"),
        ("[hook \"a\"]\nevent = post-packimage\ncommand = true\n", "changed: packimage needed"),
        ("[hook \"a\"]\nevent = post-nodeset\ncommand = true\n", "up to date"),
        ("[hook \"10-a\"]\nenabled = false\n", "changed: genimage needed"),
    ]) func `of the configuration only hooks of builds count`(text: String, state: String) throws {
        try define()
        try genimage()
        try packimage("a", tree: treeRecipe)
        try site.write(text, to: "/install/custom/config")
        #expect(try status() == [state, "file config\(state == "up to date" ? " (nothing to build)" : "")"])
    }

    @Test func `what was imported counts until genimage comes to its end`() throws {
        try define()
        try genimage(at: "-1 hour")
        try packimage("a", tree: treeRecipe)
        // The import brings another list, and what was packed of it.
        try site.write("mc\n", to: "/install/custom/a.pkglist")
        try packimage("b", imported: true)
        #expect(try status() == ["up to date"])
        let log = try catboat("log", "-n", "1", "img").stdout
        #expect(log.contains("  build   img: import sha256:bbbbbbbbbbbb  "))
        #expect(try site.git("log", "-1", "--format=%b").contains("Catboat-Imported: image.tgz, commit 1234\n"))
        try site.write("mc\nvim\n", to: "/install/custom/a.pkglist")
        #expect(try status() == ["changed: genimage needed", "file a.pkglist"])
        try genimage(at: "+1 hour")
        #expect(try status() == ["built, not published: packimage needed"])
        // Without a listing of the imported tree nothing is said of paths.
        #expect(try catboat("diff", "--result", "img@{2}..img").stdout.contains("Tree:") == false)
    }

    @Test func `a clone has its root image, unless other packages were asked for`() throws {
        try define()
        try Scratch.write("x", to: "\(folder)/rootimg/etc/motd")
        try genimage()
        #expect(try catboat("clone", "img", "one", "--profile", "big").status == 0)
        #expect(try status("one") == ["built, not published: packimage needed"])
        let two = try catboat("clone", "--json", "img", "two", "pkglist=/install/custom/a.pkglist")
        let id = try site.git("rev-parse", "HEAD").prefix(40)
        #expect(
            two.stdout == """
                {"osimages":[{"commit":"\(id)","files":[{"copy":"/install/custom/two.a.exlist","original":"/install/custom/a.exlist"}],"has_tree":true,"name":"two","rootimgdir":"/install/netboot/two"}],"version":1}

                """)
        #expect(try status("two") == ["never built: genimage needed"])
        try site.write("bash\nmc\n", to: "/install/custom/a.pkglist")
        let three = try catboat("clone", "--porcelain=v1", "img", "three")
        let lines = three.stdout.split(separator: "\n")
        #expect(
            lines.prefix(3) == [
                "file\t/install/custom/a.pkglist\t/install/custom/three.a.pkglist",
                "file\t/install/custom/a.exlist\t/install/custom/three.a.exlist", "tree\t/install/netboot/three",
            ])
        #expect(lines.last == "osimage\tthree\t\(try site.git("rev-parse", "HEAD").prefix(40))")
        // The root image of its original was of an older list.
        #expect(try status("three") == ["never built: genimage needed"])
    }
}
