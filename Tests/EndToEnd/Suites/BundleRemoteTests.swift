import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// Bundles of other hosts: imgexport and imgimport with -R.
@Suite(.scratchDirectory) struct BundleRemoteTests {
    private static let image = BundleSite.image

    /// `catboat` with a program of this name first on its PATH.
    private func standingIn(_ name: String, _ script: String, for catboat: Catboat) throws -> Catboat {
        try Scratch.write("#!/bin/sh\n\(script)\n", to: "bin/\(name)", permissions: 0o755)
        var catboat = catboat
        let path = Environment.current.text("PATH") ?? ""
        catboat.environment["PATH"] = Word("\(Scratch.directory.joined("bin")):\(path)")
        return catboat
    }

    /// Folders for the working directory and for the other host.
    private func folders() throws -> (here: FilePath, there: FilePath) {
        let (here, there) = (Scratch.directory.joined("here"), Scratch.directory.joined("there"))
        for folder in [here, there] { try folder.createDirectories() }
        return (here, there)
    }

    @Test func `-R hands the bundle to scp and leaves nothing here`() throws {
        let (here, there) = try folders()
        let copy = "printf '%s\\n' \"$@\" > \(there)/words\ncp \"$2\" \"\(there)/${3#*:}\""
        let from = try standingIn("scp", copy, for: try BundleSite.make("from", version: "1"))
        let sent = try BundleSite.run(from, in: here, "imgexport", Word(Self.image), "my.tgz", "-R", "root@peer")
        #expect(sent.status == 0, "\(sent)")
        #expect(sent.stdout.hasPrefix("Exporting \(Self.image) to root@peer...\n"))
        #expect(
            sent.stdout.hasSuffix("Moving the image bundle to the remote system location root@peer:my.tgz\nDone!\n"))
        let words = try there.joined("words").readText().split(separator: "\n")
        #expect(words.count == 3 && words[0] == "-B" && words[2] == "root@peer:my.tgz")
        // A folder over there gets a file called like the image.
        #expect(words[1].hasPrefix(here.printable) && words[1].hasSuffix("/\(Self.image).tgz"))
        #expect(try here.directoryNames().isEmpty)

        let fetch = "printf '%s\\n' \"$@\" > \(there)/words\ncp \"\(there)/${2#*:}\" \"$3\""
        let to = try standingIn("scp", fetch, for: try BundleSite.empty("to"))
        let got = try BundleSite.run(to, in: here, "imgimport", "my.tgz", "-R", "root@peer")
        #expect(got.status == 0, "\(got)")
        #expect(
            got.stdout.hasPrefix(
                "Obtaining the image bundle from the remote system root@peer:my.tgz\nUnbundling image...\n"))
        #expect(try here.directoryNames().isEmpty)
        #expect(try BundleSite.stanza(to) == BundleSite.stanza(from))
        // The plan is all there is on standard output.
        let plan = try BundleSite.run(to, in: here, "imgimport", "my.tgz", "-R", "root@peer", "--dry-run", "--json")
        #expect(plan.status == 0 && plan.stdout.hasPrefix("{\"imports\":["))
    }

    @Test func `-R is in the trace, which does the same once more`() throws {
        let (here, there) = try folders()
        let site = try standingIn(
            "scp", "case $2 in *:*) cp \"\(there)/${2#*:}\" \"$3\" ;; *) cp \"$2\" \"\(there)/${3#*:}\" ;; esac",
            for: try BundleSite.make("from", version: "1"))
        let sent = try replayed(site, here, "imgexport", Word(Self.image), "my.tgz", "-R", "root@peer") {
            try Digest.ofFile(there.joined("my.tgz"))
        } undo: {
            try there.joined("my.tgz").removeFile()
        }
        #expect(sent.0 == sent.1)
        var to = try BundleSite.empty("to")
        to.environment["PATH"] = site.environment["PATH"]
        let got = try replayed(to, here, "imgimport", "my.tgz", "-R", "root@peer") {
            try BundleSite.stanza(to)
        } undo: {
            try to.succeed("rmdef", "-t", "osimage", "-o", Word(Self.image))
            for folder in ["netboot/debian12", "custom/netboot"] {
                try Scratch.directory.joined("to/install/\(folder)").removeTree()
            }
        }
        #expect(got.0 == got.1)
        #expect(try here.directoryNames().isEmpty)
    }

    /// The result of a command, and of its trace after that was undone.
    private func replayed<Result>(
        _ catboat: Catboat, _ folder: FilePath, _ verb: String, _ words: Word..., result: () throws -> Result,
        undo: () throws -> Void
    ) throws -> (Result, Result) {
        let file = Scratch.directory.joined("\(verb).trace")
        var traced = catboat
        traced.environment["CATBOAT_TRACE"] = Word(file)
        var tool = traced.tool(verb, words)
        tool.directory = folder
        _ = try tool.output()
        let first = try result()
        try undo()
        var shell = catboat.tool("help")
        (shell.program, shell.words) = ("sh", [])
        shell.directory = folder
        shell.environment["PATH"] = Word("\(Catboat.execPath):\(shell.environment.text("PATH") ?? "")")
        _ = try shell.output(input: Array(BundleSite.script(try file.readText()).utf8))
        return (first, try result())
    }

    @Test func `a host that cannot be reached is told about, and nothing stays`() throws {
        let (here, there) = try folders()
        let failing = "echo \"$@\" >> \(there)/words; exit 1"
        let site = try standingIn("scp", failing, for: try BundleSite.make("site", version: "1"))
        let sent = try BundleSite.run(site, in: here, "imgexport", Word(Self.image), "/x/my.tgz", "-R", "root@peer")
        #expect(sent.status == 1 && !sent.stdout.contains("Done!"))
        #expect(
            sent.stderr.contains(
                "Error: Unable to copy the image bundle my.tgz to the remote host (Maybe passwordless ssh was not setup?)"
            ))
        let got = try BundleSite.run(site, in: here, "imgimport", "/x/my.tgz", "-R", "root@peer")
        #expect(got.status == 1)
        #expect(
            got.stderr.contains(
                "Error: Unable to copy the image bundle /x/my.tgz from the remote host (Maybe passwordless ssh was not setup?)"
            ))
        // What looks like an option never gets to scp.
        for verb in ["imgexport", "imgimport"] {
            let image: Word = verb == "imgexport" ? Word(Self.image) : "my.tgz"
            let refused = try BundleSite.run(site, in: here, verb, image, "--remotehost=-oProxyCommand=x")
            #expect(refused.status == 1)
        }
        let words = try there.joined("words").readText().split(separator: "\n")
        #expect(words.count == 2 && words[1].hasPrefix("-B root@peer:/x/my.tgz "))
        #expect(try here.directoryNames().isEmpty)
    }

    @Test(.enabled(if: FilePath("/usr/sbin/sshd").isRegularFile))
    func `a real sshd takes and gives bundles`() throws {
        let (here, there) = try folders()
        let keys = Scratch.directory.joined("keys")
        try keys.createDirectories(permissions: 0o700)
        for name in ["host", "client"] {
            _ = try Tool("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", Word(keys.joined(name))]).output()
        }
        let server = """
            HostKey \(keys)/host
            AuthorizedKeysFile \(keys)/client.pub
            StrictModes no
            UsePAM no
            PidFile none
            Subsystem sftp internal-sftp

            """
        try AtomicFile.write(server.utf8, to: keys.joined("sshd_config"))
        // No port: sshd talks to its standard streams, and its folder below /run is its own.
        let start =
            "mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec /usr/sbin/sshd -i -f \(keys)/sshd_config"
        let client = """
            Host *
              ProxyCommand unshare -m sh -c "\(start)"
              IdentityFile \(keys)/client
              IdentitiesOnly yes
              StrictHostKeyChecking no
              UserKnownHostsFile \(keys)/known
              GlobalKnownHostsFile /dev/null
              LogLevel ERROR

            """
        try AtomicFile.write(client.utf8, to: keys.joined("ssh_config"))
        let script = "exec /usr/bin/scp -F \(keys)/ssh_config \"$@\""
        let from = try standingIn("scp", script, for: try BundleSite.make("from", version: "1"))
        for destination in ["\(there)/my.tgz", "\(there)"] {
            let sent = try BundleSite.run(
                from, in: here, "imgexport", Word(Self.image), Word(destination), "-R", "root@peer")
            #expect(sent.status == 0, "\(sent)")
        }
        #expect(try there.directoryNames().map(\.printable) == ["\(Self.image).tgz", "my.tgz"])
        let to = try standingIn("scp", script, for: try BundleSite.empty("to"))
        let got = try BundleSite.run(to, in: here, "imgimport", Word(there.joined("my.tgz")), "-R", "root@peer")
        #expect(got.status == 0, "\(got)")
        #expect(try BundleSite.stanza(to) == BundleSite.stanza(from))
        let none = try BundleSite.run(to, in: here, "imgimport", Word(there.joined("none.tgz")), "-R", "root@peer")
        #expect(none.status == 1 && none.stderr.contains("No such file or directory"))
        #expect(try here.directoryNames().isEmpty)
    }
}
