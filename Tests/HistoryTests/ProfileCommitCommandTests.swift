import Support
import SystemPackage
import TestSupport
import Testing

/// `profile-commit` with a store: which files an image refers to.
@Suite(.scratchDirectory) struct ProfileCommitCommandTests {
    private let site = HistorySite()

    private func catboat() throws -> Catboat {
        let catboat = Catboat(root: Scratch.directory)
        let batch = """
            set\tosimage\timagename=img\t:\tprofile=compute\tosvers=debian12\tosarch=x86_64\tprovmethod=netboot\timagetype=linux\tpostscripts=motd arg,syslog\tenvironvar=FLAVOUR=dark\tsynclists=/install/custom/netboot/compute.synclist
            set\tlinuximage\timagename=img\t:\tpkglist=/install/custom/netboot/compute.pkglist\texlist=/opt/site/compute.exlist\tpostinstall=/install/custom/netboot/post.sh -v
            set\tpasswd\tkey=system\t:\tusername=root\tpassword=TOPSECRET
            set\tipmi\tnode=n1\t:\tbmc=10.0.0.9\tpassword=BMCSECRET

            """
        #expect(try catboat("table-set", "--stdin", input: batch).status == 0)
        try site.write(
            "#INCLUDE:base.inc#\n#INCLUDE:${FLAVOUR}.inc#\nvim\n", to: "/install/custom/netboot/compute.pkglist")
        try site.write("bash\n#INCLUDE:sub/deep.inc#\n", to: "/install/custom/netboot/base.inc")
        try site.write("#INCLUDE:compute.pkglist#\n", to: "/install/custom/netboot/sub/deep.inc")
        try site.write("mc\n", to: "/install/custom/netboot/dark.inc")
        try site.write("./boot*\n", to: "/opt/site/compute.exlist")
        try site.write("#!/bin/sh\n", to: "/install/custom/netboot/post.sh", permissions: 0o755)
        try site.write("#!/bin/sh\n", to: "/install/postscripts/motd", permissions: 0o755)
        try site.write("/etc/site/hosts /etc/site/*.conf -> /etc/\n", to: "/install/custom/netboot/compute.synclist")
        try site.write("10.0.0.1 master\n", to: "/etc/site/hosts")
        try site.write("#!/bin/sh\n", to: "/install/custom/hooks/post-populate.d/10-a", permissions: 0o755)
        try site.write("#!/bin/sh\n", to: "/install/custom/hooks/osimage/img/pre-genimage.d/10-b", permissions: 0o755)
        try site.write("#!/bin/sh\n", to: "/install/custom/hooks/osimage/other/pre-genimage.d/10-c", permissions: 0o755)
        try site.write(
            "-----BEGIN PRIVATE KEY-----\n", to: "/install/custom/hooks/post-populate.d/20-key", permissions: 0o755)
        return catboat
    }

    @Test func `all files that the image refers to are kept and nothing else`() throws {
        let catboat = try catboat()
        let result = try catboat("profile-commit", "img", "-m", "first words")
        #expect(result.status == 0)
        let fields = result.stdout.split(separator: "\t")
        #expect(fields.count == 3 && fields[2] == "new\n")
        #expect(try site.git("rev-parse", "HEAD") == "\(fields[0])\n")
        #expect(try site.git("log", "-1", "--format=%ct") == "\(fields[1])\n")
        #expect(
            result.stderr
                == "profile-commit: left out of the history: '/install/custom/hooks/post-populate.d/20-key': it holds a private key\n"
        )
        #expect(
            try site.git("ls-files").split(separator: "\n") == [
                "hooks/osimage/img/pre-genimage.d/10-b", "hooks/post-populate.d/10-a", "netboot/base.inc",
                "netboot/compute.pkglist", "netboot/compute.synclist", "netboot/dark.inc", "netboot/post.sh",
                "netboot/sub/deep.inc", "osimage/img/outside/install/postscripts/motd",
                "osimage/img/outside/opt/site/compute.exlist", "osimage/img/recipe", "osimage/img/stanza",
            ])
        let list = try site.git("show", "HEAD:osimage/img/recipe")
        #expect(list.contains("digest\tsource of a synclist\tsha256:"))
        #expect(list.contains("\toutside\t/etc/site/hosts\n"))
        #expect(list.contains("missing\t-\t-\toutside\t/install/postscripts/syslog\n"))
        #expect(
            try site.git("show", "HEAD:osimage/img/stanza") == catboat("lsdef", "-t", "osimage", "img", "-z").stdout)
        #expect(try site.git("log", "-1", "--format=%b").hasPrefix("first words\n"))
        for secret in ["TOPSECRET", "BMCSECRET", "BEGIN PRIVATE"] {
            #expect(try !site.everything().contains(text: secret))
        }
        let again = try catboat("profile-commit", "img")
        #expect(again == .init(status: 0, stdout: "\(fields[0])\t\(fields[1])\tunchanged\n", stderr: ""))
    }

    @Test func `a changed row is a recipe commit that says so`() throws {
        let catboat = try catboat()
        try catboat("profile-commit", "img")
        #expect(try catboat("table-set", "osimage", "imagename=img", "osvers=debian13").status == 0)
        #expect(try catboat("profile-commit", "img").stdout.hasSuffix("\tnew\n"))
        #expect(try site.git("log", "-1", "--format=%s") == "img: define osvers\n")
    }

    @Test func `json, an unknown image and a bad record`() throws {
        let catboat = try catboat()
        let json = try catboat("profile-commit", "--json", "img").stdout
        #expect(json.hasPrefix(#"{"commits":[{"author":""#) && json.hasSuffix("\"version\":1}\n"))
        #expect(json.contains(#""kind":"recipe","osimage":"img","subject":"img: first recipe","time":"2"#))
        let unknown = try catboat("profile-commit", "none")
        #expect(unknown.status == 1 && unknown.stderr.hasPrefix("profile-commit: error: "))
        let folder = Scratch.directory.joined("record")
        try folder.createDirectories()
        let bad = try catboat("profile-commit", "img", "--build-record", Word(folder))
        #expect(bad.status == 128)
        #expect(
            bad.stderr
                == "profile-commit: error: not a build record: 'digests' is missing: '\(folder)': see catboat-history(7)\n"
        )
    }

    @Test func `killed at any moment the next commit succeeds and the repository is sound`() throws {
        let catboat = try catboat()
        for round in 0..<12 {
            try site.write("bash\npackage\(round)\n", to: "/install/custom/netboot/base.inc")
            let running = try catboat.tool("profile-commit", ["img"]).start(output: .null, errors: .null)
            // Spread over the run of the command, start-up included.
            var pause = timespec(tv_sec: 0, tv_nsec: round * 9_000_000)
            nanosleep(&pause, nil)
            running.signal(SIGKILL)
            _ = try running.wait()
        }
        #expect(try catboat("profile-commit", "img").status == 0)
        _ = try site.git("fsck", "--strict")
        #expect(try site.git("status", "--porcelain", "-uno") == "")
        #expect(try site.git("show", "HEAD:netboot/base.inc") == "bash\npackage11\n")
    }
}

#if canImport(Glibc)
    import Glibc
#endif
