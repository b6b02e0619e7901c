import Support
import SystemPackage
import TestSupport
import Testing

/// Every line of catboat-tutorial(7), typed as it stands there. That such a node boots is what `BootTests` shows.
@Suite(.scratchDirectory) struct TutorialTests {
    /// Commands whose answer is no: there is a finding, there is something to do.
    private static let negative = ["catboat doctor", "genimage --plan web"]

    /// What each line printed, beginning with the line itself.
    private struct Session {
        let sections: [(line: String, output: String)]

        subscript(line: String) -> String {
            get throws { try #require(sections.first { $0.line == line }, "no line '\(line)'").output }
        }
    }

    /// Types the page's displays into a shell for which the scratch directory holds /install, /tftpboot and /etc/catboat.
    private func type(_ page: ManualPage) throws -> Session {
        let folder = Scratch.directory.joined("here")
        try folder.createDirectories()
        try medium(folder.joined("debian-12.15.0-amd64-DVD-1.iso"))
        // Each command is announced as it stands in the script, and its status told when it is not 0.
        let script = """
            set -uo pipefail
            trap 'printf "\\n$ %s\\n" "$BASH_COMMAND"' DEBUG
            trap 'status=$?; printf "\\n! %s: %d\\n" "$BASH_COMMAND" $status' ERR

            """
        try Scratch.write(script + page.displays.joined(), to: "here/session")
        var catboat = Catboat()
        let execPath = try Catboat.namedExecPath()
        catboat.environment["CATBOAT_EXEC_PATH"] = Word(execPath)
        var tool = catboat.tool("help")
        tool.program = Catboat.projectFolder.joined("Tests/EndToEnd/in-scratch-root")
        tool.words = [Word(Scratch.directory), "bash", Word(folder.joined("session"))]
        tool.directory = folder
        tool.environment["PATH"] = Word(Catboat.searchPath(execPath))
        let captured = try tool.capture(limit: 16 << 20)
        let text = String(decoding: captured.output, as: UTF8.self)
        let errors = String(decoding: captured.errors, as: UTF8.self)
        let failures = text.split(separator: "\n").filter { $0.hasPrefix("! ") }.map(String.init)
        try #require(failures == Self.negative.map { "! \($0): 1" }, "\(failures)\n\(errors)")
        return Session(
            sections: text.split(separator: "\n$ ").map { section in
                let end = section.firstIndex(of: "\n") ?? section.endIndex
                return (String(section[..<end]), String(section[end...].dropFirst()))
            })
    }

    /// A medium that says that it is Debian 12.15, with stand-ins for what the lists of the page name.
    private func medium(_ iso: FilePath) throws {
        let shipped = try Catboat.projectFolder.joined("share/netboot/debian/compute.pkglist").readText()
        let names = try Scratch.write(shipped + "htop\ntmux\njq\n", to: "names")
        try TinyMedium.make(iso, ["--version", "12.15.0", "--stand-ins", Word(names)])
    }

    @Test func `every line does what the page says`() throws {
        let session = try type(ManualPage("man7/catboat-tutorial.7"))
        let image = "debian12.15.0-x86_64-netboot-compute"
        #expect(try session["catboat doctor"].contains("ok: store: "))
        #expect(try session["lsdef -t osimage"].contains("\(image)  (osimage)"))
        #expect(try session["genimage --plan web"].contains("+ jq"))
        #expect(try session["catboat status web"].contains("web: changed: genimage needed"))
        #expect(try session["catboat log web"].split(separator: "\n").count == 4)
        #expect(try session["catboat diff web@{2}..web"].contains("+ jq 1.0"))
        #expect(try session["git -C /install/custom log --stat"].contains("osimage/web/packages"))
        #expect(try session["catboat hook list post-genimage"].contains("50-size"))

        let folder = Scratch.directory.joined("install/netboot/debian12.15.0/x86_64/web")
        #expect(try folder.joined("rootimg/etc/motd").readText() == "Welcome aboard\n")
        let list = try Scratch.directory.joined("install/custom/netboot/debian/web.pkglist").readText()
        #expect(list.hasSuffix("htop                # comments after a name are fine\ntmux\n"))
        // The set that nodes get is the first one again.
        let first = try session["catboat image-publish web --list"].split(separator: "\t")[0]
        let served = Scratch.directory.joined("tftpboot/xcat/osimage/web/boot.ipxe")
        #expect(try served.readText().contains("/.packed/\(first.dropFirst(7))/"))
        #expect(try folder.joined(".packed").directoryNames().count == 2)
        let node = try Scratch.directory.joined("tftpboot/xcat/xnba/nodes/cn1").readText()
        #expect(node.contains("/tftpboot/xcat/osimage/web/boot.ipxe"))
        #expect(FilePath("/install/custom/netboot/debian/web.pkglist").exists == false)
    }
}
