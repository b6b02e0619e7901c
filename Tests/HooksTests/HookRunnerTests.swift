import Hooks
import Settings
import Support
import SystemPackage
import TestSupport
import Testing

@Suite(.scratchDirectory) struct HookRunnerTests {
    @Test func `a veto stops at the first failure and a post hook's failure does not`() throws {
        let site = HookSite()
        for event in ["pre-genimage", "post-genimage"] {
            try site.hook("\(event).d/10-good", "echo one")
            try site.hook("\(event).d/20-bad", "echo 'too big' >&2; exit 3")
            try site.hook("\(event).d/30-last", "printf three")
        }
        let before = try site.run("pre-genimage", image: "i")
        #expect(before.output == "10-good: one\n20-bad: too big\n")
        #expect(before.results.map(\.outcome.ending) == [.exited(0), .exited(3)])
        #expect(before.results.last?.outcome.lastLines == "too big")
        let after = try site.run("post-genimage", image: "i")
        #expect(after.output == "10-good: one\n20-bad: too big\n30-last: three\n")
        #expect(after.results.map(\.outcome.ending) == [.exited(0), .exited(3), .exited(0)])
    }

    @Test func `the environment is exactly the documented one`() throws {
        let site = HookSite()
        try site.hook(
            "post-packimage.d/10-env", "env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD= | sort; pwd; echo \"$@\"")
        let rootimgdir = Scratch.directory.joined("install/netboot/i")
        try rootimgdir.createDirectories()
        let printed = try site.run("post-packimage", image: "i") { context in
            context.arguments = ["a b", "c"]
            context.attributes = ["osvers": "debian12", "environvar": "COLOUR=blue, SIZE=big,PATH=/evil,bad name"]
            context.rootimgdir = "/install/netboot/i"
            context.facts = ["new_digest": "sha256:00"]
        }.output
        let root = Scratch.directory.printable
        let expected = [
            "CATBOAT_DATADIR=\(root)/share", "CATBOAT_EVENT=post-packimage",
            "CATBOAT_EVENT_STACK=post-packimage i", "CATBOAT_EXEC_PATH=/nonexistent/libexec", "CATBOAT_HOOK=10-env",
            "CATBOAT_HOOK_ORIGIN=site", "CATBOAT_IMAGE=i", "CATBOAT_INSTALLDIR=/install",
            "CATBOAT_NEW_DIGEST=sha256:00", "CATBOAT_OSVERS=debian12", "CATBOAT_ROOT=\(root)",
            "CATBOAT_ROOTIMG=\(root)/install/netboot/i/rootimg", "CATBOAT_ROOTIMGDIR=/install/netboot/i",
            "CATBOAT_TFTPDIR=/tftpboot", "COLOUR=blue", "HOME=/root", "LANG=de_DE.UTF-8",
            "PATH=/nonexistent/libexec:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "SIZE=big",
            rootimgdir.printable, "a b c",
        ]
        #expect(printed.split(separator: "\n").map { String($0.dropFirst("10-env: ".count)) } == expected)
    }

    @Test func `standard input is the definition with the event's context`() throws {
        let site = HookSite()
        try site.hook("post-packimage", "cat")
        let printed = try site.run("post-packimage", image: "i") { context in
            context.definition = Array(#"{"definitions":[{"name":"i"}],"version":1}"#.utf8)
            context.arguments = [Word(bytes: [0xff]), "plain"]
            context.facts = ["old_digest": "sha256:1"]
        }.output
        #expect(
            printed
                == #"post-packimage: {"context":{"arguments":[{"base64":"/w=="},"plain"],"event":"post-packimage","#
                + #""facts":{"old_digest":"sha256:1"},"image":"i","paths":{"installdir":"/install","tftpdir":"/tftpboot"}},"#
                + #""definitions":[{"name":"i"}],"version":1}"# + "\n")
    }

    @Test func `a hook that starts its own command again is refused, others are not`() throws {
        var site = HookSite()
        try site.hook("post-genimage", "echo $CATBOAT_EVENT_STACK")
        site.caller["CATBOAT_EVENT_STACK"] = "post-packimage i\npre-genimage i"
        #expect(throws: HookError.reentered(event: "genimage", image: "i", by: "pre-genimage")) {
            try site.run("post-genimage", image: "i")
        }
        #expect(try site.run("post-genimage", image: "j").output.contains("post-genimage j"))
        site.caller["CATBOAT_EVENT_STACK"] = "post-genimage i"
        try site.hook("pre-packimage", "")
        #expect(try site.run("pre-packimage", image: "i").results.count == 1)
    }

    @Test func `a program that cannot be started is an error, not a veto`() throws {
        let site = HookSite()
        try Scratch.write(
            "#!/nonexistent/interpreter\n", to: "install/custom/hooks/pre-genimage", permissions: 0o755)
        #expect(throws: HookError.self) { try site.run("pre-genimage") }
    }
}
