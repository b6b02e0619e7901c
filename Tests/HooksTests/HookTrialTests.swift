import Support
import SystemPackage
import TestSupport
import Testing

/// `catboat hook run --try` and `rootimg-try`: what would change, and that nothing does.
@Suite(.scratchDirectory) struct HookTrialTests {
    private let site = HookSite()
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    private var folder: FilePath { Scratch.directory.joined("install/netboot/img") }

    private static let status = """
        Package: base
        Status: install ok installed
        Version: 1.0
        Architecture: all

        Package: old
        Status: install ok installed
        Version: 2.0
        Architecture: all


        """

    private func define(_ attributes: String = "") throws {
        let batch = """
            set\tosimage\timagename=img\t:\tprofile=compute\tosvers=debian12\tosarch=x86_64\tprovmethod=netboot\timagetype=linux
            set\tlinuximage\timagename=img\t:\trootimgdir=/install/netboot/img\(attributes)

            """
        try #require(try catboat("table-set", "--stdin", input: batch).status == 0)
        for (name, text) in [
            ("etc/motd", "hello"), ("etc/issue", "issue"), ("usr/share/doc/a/b", "b"), ("usr/share/doc/a/c", "c"),
            ("usr/share/keep/d", "d"), ("var/lib/dpkg/status", Self.status),
        ] {
            try Scratch.write(text, to: "install/netboot/img/rootimg/\(name)")
        }
    }

    private func digest() throws -> String {
        try catboat("rootimg-list", "--digest", Word(folder.joined("rootimg"))).stdout
    }

    private static let changing = """
        cd "$CATBOAT_ROOTIMG" || exit 2
        echo new >etc/new
        mkdir -p opt/site && echo x >opt/site/tool
        chmod 600 etc/motd
        cp etc/issue etc/issue.tmp && cat etc/issue.tmp >etc/issue && rm etc/issue.tmp
        rm -r usr/share/doc/a
        rm -r usr/share/keep && mkdir usr/share/keep && echo d >usr/share/keep/e
        sed -i -e 's/^Version: 2.0/Version: 2.1/' -e 's/^Package: base/Package: other/' var/lib/dpkg/status
        """

    @Test func `a try lists files and packages and leaves the image as it is`() throws {
        try define()
        try site.hook("post-populate.d/10-change", Self.changing + "\necho \"try=$CATBOAT_TRY\"")
        let before = try digest()
        let result = try catboat("hook", "run", "--try", "post-populate", "img")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(
            result.stdout == """
                - package base 1.0
                ~ package old 2.0 -> 2.1
                + package other 1.0
                ~ /etc/motd
                + /etc/new
                + /opt
                + /opt/site
                + /opt/site/tool
                - /usr/share/doc/a
                - /usr/share/doc/a/b
                - /usr/share/doc/a/c
                - /usr/share/keep/d
                + /usr/share/keep/e
                ~ /var/lib/dpkg/status

                """)
        #expect(result.stderr == "10-change: try=1\n")
        #expect(try digest() == before)
        #expect(try folder.directoryNames().map(\.printable).sorted() == [".lock", "rootimg"])
        // The same hook without --try changes what was listed.
        #expect(try catboat("hook", "run", "post-populate", "img").status == 0)
        #expect(try digest() != before)
        #expect(try folder.joined("rootimg/etc/new").readText() == "new\n")
    }

    @Test func `only the named hook runs, and a failing one has its changes listed`() throws {
        try define()
        try site.hook("post-populate.d/10-one", "touch $CATBOAT_ROOTIMG/one; exit 3")
        try site.hook("post-populate.d/20-two", "touch $CATBOAT_ROOTIMG/two")
        let two = try catboat("hook", "run", "--try", "post-populate", "img", "20-two")
        #expect(two == .init(status: 0, stdout: "+ /two\n", stderr: ""))
        let one = try catboat("hook", "run", "--try", "--json", "post-populate", "img", "10-one")
        #expect(one.status == 1)
        #expect(one.stdout == "{\"changes\":[{\"level\":\"path\",\"name\":\"one\",\"status\":\"A\"}],\"version\":1}\n")
        let nothing = try catboat("hook", "run", "--try", "pre-genimage", "img")
        #expect(nothing == .init(status: 0, stdout: "", stderr: "Nothing of the image would be changed.\n"))
    }

    @Test func `a hook inside the image is tried too`() throws {
        try define()
        _ = try Tool("install", ["-D", "/bin/busybox", Word(folder.joined("rootimg/bin/busybox"))]).output()
        try Scratch.write(
            """
            [hook "inside"]
                event = post-populate
                command = /bin/busybox
                command = touch
                command = /inside
                chroot = true

            """, to: "etc/catboat/config")
        let result = try catboat("hook", "run", "--try", "post-populate", "img")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(result.stdout.contains("+ /inside\n"))
        #expect(!folder.joined("rootimg/inside").exists)
    }

    @Test func `postinstall scripts are tried with their arguments, each alone`() throws {
        try define(
            "\tpostinstall=/install/custom/a.postinstall word,/install/custom/b.postinstall\tpkglist=/install/custom/p")
        try Scratch.write("base\n", to: "install/custom/p")
        try Scratch.write(
            "#!/bin/sh\necho \"$5 $IMG_NAME\" >$1/etc/a\n", to: "install/custom/a.postinstall", permissions: 0o755)
        try Scratch.write(
            "#!/bin/sh\n[ ! -e $1/etc/a ] && rm $1/etc/motd\n", to: "install/custom/b.postinstall", permissions: 0o755)
        let before = try digest()
        let both = try catboat("hook", "run", "--try", "postinstall", "img")
        #expect(both.status == 0, "\(both.stderr)")
        #expect(
            both.stdout == """
                /install/custom/a.postinstall:
                + /etc/a
                /install/custom/b.postinstall:
                - /etc/motd

                """)
        #expect(try catboat("hook", "run", "--try", "postinstall", "img", "b.postinstall").stdout == "- /etc/motd\n")
        #expect(try catboat("hook", "run", "--try", "postinstall", "img", "none").status == 1)
        #expect(try digest() == before)
    }

    @Test(arguments: [
        (
            ["run", "--try", "--save-context", "f", "pre-genimage", "img"],
            "--try and --save-context exclude each other"
        ),
        (["run", "postinstall", "img"], "postinstall scripts run within genimage; by hand only with --try"),
        (["list", "--try"], "--save-context and --try are for hook run"),
        (["run", "--json", "pre-genimage", "img"], "--osimage is for hook list, --json for it and for --try"),
    ]) func `wrong usage`(words: [String], message: String) throws {
        let result = try catboat.run("hook", words.map { Word($0) })
        #expect(result.status == 129)
        #expect(result.stderr.hasPrefix("hook: error: \(message)\n"), "\(result.stderr)")
    }

    @Test func `rootimg-try prints records, sends the command's output aside and says how it ended`() throws {
        try define()
        let tree = folder.joined("rootimg")
        let result = try catboat(
            "rootimg-try", Word(folder), "--", "sh", "-c", "echo words; touch \"$1/a\tb\"; exit 5", "sh", Word(tree))
        #expect(result == .init(status: 1, stdout: "path\tA\ta\\x09b\t\t\n", stderr: "words\n"))
        let nul = try catboat("rootimg-try", "-z", Word(folder), "--", "touch", Word(tree.joined("x")))
        #expect(nul.stdout == "path\tA\tx\t\t\0")
        #expect(try catboat("rootimg-try", Word(folder), "--", "/nonexistent").status == 1)
        #expect(try catboat("rootimg-try", Word(folder)).status == 129)
        #expect(try catboat("rootimg-try", "/nonexistent", "--", "true").status == 128)
    }
}
