import Support
import SystemPackage
import TestSupport
import Testing

/// Hooks of the commands that change definitions, and what packimage tells its hooks.
@Suite(.scratchDirectory) struct CommandHookTests {
    private let site = HookSite()
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    private var told: FilePath { Scratch.directory.joined("told") }

    private func define() throws {
        let batch = """
            set\tosimage\timagename=img\t:\tprofile=compute\tosvers=debian12\tosarch=x86_64\tprovmethod=netboot\timagetype=linux
            set\tlinuximage\timagename=img\t:\trootimgdir=/install/netboot/img
            set\tnodelist\tnode=n1\t:\tgroups=all

            """
        try #require(try catboat("table-set", "--stdin", input: batch).status == 0)
    }

    /// A hook that writes down what it was told.
    private func record(_ name: String, _ body: String = "") throws {
        try site.hook(
            name,
            """
            cat >/dev/null
            echo "$CATBOAT_EVENT image=${CATBOAT_IMAGE:-} type=$CATBOAT_OBJTYPE $*" >>'\(told.printable)'
            \(body)
            """)
    }

    private var tables: String {
        get throws {
            try ["osimage", "linuximage", "nodelist"].map { try catboat("tabdump", Word($0)).stdout }.joined()
        }
    }

    @Test(arguments: [
        ["mkdef", "-t", "osimage", "new", "imagetype=linux", "provmethod=netboot"],
        ["chdef", "-t", "osimage", "img", "profile=login"], ["chdef", "-t", "osimage", "-o", "img", "-n", "other"],
        ["rmdef", "-t", "osimage", "img"],
    ]) func `a hook refuses before anything changed, and --no-hooks does without`(words: [String]) throws {
        try define()
        let before = try tables
        try record("pre-\(words[0])", "exit 1")
        let result = try catboat.run(words[0], words.dropFirst().map { Word($0) })
        #expect(result.status == 1)
        #expect(result.stdout == "")
        #expect(
            result.stderr.hasSuffix(
                "Error: a hook of pre-\(words[0]) refused; nothing was changed\nhint: see what it says above\n"),
            "\(result.stderr)")
        #expect(try tables == before)
        let forced = try catboat.run(words[0], words.dropFirst().map { Word($0) } + ["--no-hooks"])
        #expect(forced.status == 0, "\(forced.stderr)")
        #expect(try tables != before)
    }

    @Test func `hooks are told objects and types, of images one by one`() throws {
        try define()
        for event in ["pre-mkdef", "post-mkdef", "pre-chdef", "post-chdef", "pre-rmdef", "post-rmdef"] {
            try record(event)
        }
        try record("osimage/b/post-mkdef.d/10-own", "echo own >>'\(told.printable)'")
        #expect(try catboat("mkdef", "-t", "osimage", "a,b", "imagetype=linux", "provmethod=netboot").status == 0)
        #expect(try catboat("chdef", "n1,n2", "groups=all,rack1").status == 0)
        #expect(try catboat("chdef", "-t", "osimage", "-o", "a", "-n", "c").status == 0)
        #expect(try catboat("rmdef", "-t", "osimage", "c").status == 0)
        #expect(
            try told.readText() == """
                pre-mkdef image=a type=osimage a
                pre-mkdef image=b type=osimage b
                post-mkdef image=a type=osimage a
                post-mkdef image=b type=osimage b
                own
                post-mkdef image=b type=osimage b
                pre-chdef image= type=node n1 n2
                post-chdef image= type=node n1 n2
                pre-chdef image=a type=osimage a
                pre-chdef image=c type=osimage c
                post-chdef image=a type=osimage a
                post-chdef image=c type=osimage c
                pre-rmdef image=c type=osimage c
                post-rmdef image=c type=osimage c

                """)
    }

    @Test func `a hook judges the change that an osimage is to get, and hears no passwords of nodes`() throws {
        try define()
        try site.hook(
            "pre-chdef",
            """
            case "$CATBOAT_CHANGE" in *'profile=forbidden'*) echo 'not that profile'; exit 1;; esac
            env >'\(told.printable)'
            """)
        let refused = try catboat("chdef", "-t", "osimage", "img", "profile=forbidden")
        #expect(refused.status == 1 && refused.stderr.contains("pre-chdef: not that profile\n"))
        #expect(try catboat("chdef", "-t", "osimage", "img", "profile=fine").status == 0)
        #expect(try told.readText().contains("profile=fine"))
        #expect(try catboat("chdef", "n1", "mgt=ipmi", "bmc=b1", "bmcpassword=SesameOpen").status == 0)
        #expect(try !told.readText().contains("SesameOpen"))
    }

    @Test func `without hooks no process is started for them`() throws {
        try define()
        var traced = catboat
        traced.environment["CATBOAT_TRACE"] = "2"
        let quiet = try traced("chdef", "-t", "osimage", "img", "profile=login")
        #expect(quiet.status == 0)
        #expect(!quiet.stderr.contains("hook-run"))
        try site.hook("post-chdef")
        #expect(try traced("chdef", "-t", "osimage", "img", "profile=other").stderr.contains("hook-run"))
    }

    @Test func `a failing hook afterwards leaves what was done and the status says it`() throws {
        try define()
        try site.hook("post-chdef", "exit 4")
        let result = try catboat("chdef", "-t", "osimage", "img", "profile=login")
        #expect(result.status == 1)
        #expect(result.stdout == "1 object definitions have been created or modified.\n")
        #expect(result.stderr.contains("Error: a hook of post-chdef failed; what was done stands\n"))
        #expect(try catboat("lsdef", "-t", "osimage", "img", "-i", "profile").stdout.contains("profile=login"))
    }

    @Test func `a hook that changes the same image again is refused, another image is not`() throws {
        try define()
        try site.hook(
            "post-mkdef",
            """
            [ "$CATBOAT_IMAGE" = b ] && exit 0
            catboat mkdef -t osimage b imagetype=linux provmethod=netboot || exit 8
            catboat mkdef -f -t osimage a imagetype=linux provmethod=netboot && exit 9
            exit 0
            """)
        let result = try catboat("mkdef", "-t", "osimage", "a", "imagetype=linux", "provmethod=netboot")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(result.stderr.contains("mkdef is already running for osimage a"))
    }

    // MARK: - copycds

    @Test func `copycds asks before it copies or trusts anything, and tells what it made`() throws {
        let medium = try TinyMedium.make("medium")
        let key = try Scratch.write("no key", to: "key.gpg")
        try record("pre-copycds", "exit 1")
        let refused = try catboat("copycds", "--key", Word(key), Word(medium))
        #expect(refused.status == 1)
        #expect(refused.stderr.contains("a hook of pre-copycds refused; nothing was changed"))
        #expect(!Scratch.directory.joined("install/debian12.99.0").exists)
        #expect(!Scratch.directory.joined("install/custom/keys").exists)
        try record("pre-copycds")
        try record("post-copycds", #"echo "$CATBOAT_DISTRIBUTION $CATBOAT_DESTINATION" >>"\#(told.printable)""#)
        try told.removeFile()
        let copied = try catboat("copycds", Word(medium))
        #expect(copied.status == 0, "\(copied.stderr)")
        let names = try catboat("lsdef", "-t", "osimage", "-s").stdout.split(separator: "\n").map {
            String($0.prefix { $0 != " " })
        }
        let lines = try told.readText().split(separator: "\n").map(String.init)
        try #require(lines.count == 3, "\(lines)")
        #expect(Set(lines[0].split(separator: " ").dropFirst(3).map(String.init)) == Set(names))
        #expect(lines[1] == lines[0].replacing("pre-", with: "post-"))
        #expect(lines[2] == "debian12.99.0-x86_64 /install/debian12.99.0/x86_64")
    }

    // MARK: - packimage

    @Test func `packimage tells its hooks the sets before and after, and a veto keeps the old one`() throws {
        try define()
        for (name, text) in [("kernel", "k"), ("initrd-stateless.gz", "i"), ("rootimg/etc/hostname", "one")] {
            try Scratch.write(text, to: "install/netboot/img/\(name)")
        }
        try Scratch.write("", to: "install/netboot/img/rootimg/var/lib/dpkg/status")
        let line =
            #"echo "$CATBOAT_EVENT ${CATBOAT_OLD_DIGEST:-none} ${CATBOAT_NEW_DIGEST:-none}" >>'\#(told.printable)'"#
        try site.hook(
            "pre-publish",
            #"\#(line); [ -s "$CATBOAT_PACKED" ] || exit 1; ! grep -q two "$CATBOAT_ROOTIMG/etc/hostname""#)
        try site.hook("post-packimage", line)
        let first = try catboat("packimage", "img")
        try #require(first.status == 0, "\(first.stderr)")
        func served() throws -> String {
            try catboat("image-publish", "--current", "img").stdout.trimmingNewline
        }
        let one = try served()
        #expect(try told.readText() == "pre-publish none \(one)\npost-packimage none \(one)\n")
        try told.removeFile()
        try Scratch.write("two", to: "install/netboot/img/rootimg/etc/hostname")
        let refused = try catboat("packimage", "img")
        #expect(refused.status == 1)
        #expect(try served() == one)
        let fields = try told.readText().trimmingNewline.split(separator: " ")
        #expect(fields.count == 3 && fields[1] == one && fields[2] != one && fields[2].hasPrefix("sha256:"))
        try told.removeFile()
        try Scratch.write("three", to: "install/netboot/img/rootimg/etc/hostname")
        #expect(try catboat("packimage", "img").status == 0)
        #expect(try told.readText() == "pre-publish \(one) \(served())\npost-packimage \(one) \(served())\n")
    }
}

extension String {
    fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
