import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// What the initramfs does with a root image: its own script, with a real server, tmpfs and overlay, in a private mount
/// namespace of this machine instead of a node. BootTests shows that it is called.
@Suite(.scratchDirectory, .serialized, .enabled(if: VirtualNode.isPossible)) struct InitramfsScriptTests {
    private var work: FilePath { Scratch.directory }
    private var root: FilePath { work.joined("root") }

    /// A small tree, packed by the usual programs under all names.
    private func packTree() throws {
        for (name, text) in [("tree/sbin/init", "#!/bin/sh\n"), ("tree/file", "content\n")] {
            try Scratch.write(text, to: name)
        }
        try Scratch.write(
            "# file: file\ntrusted.catboat=0x0102\n\n# file: gone\ntrusted.catboat=0x01\n\n",
            to: "tree/.catboat/attributes")
        let pack = """
            set -e
            mkdir -p "$1/site/install" && cd "$1/tree"
            for pair in gz:gzip xz:xz zst:zstd; do
                find . | LC_ALL=C sort | cpio -o -H newc --quiet | ${pair#*:} > "$1/site/install/rootimg.cpio.${pair%:*}"
                tar -c . | ${pair#*:} > "$1/site/install/rootimg.tar.${pair%:*}"
            done
            tar -c . | sqfstar -quiet -no-progress "$1/site/install/rootimg.sfs" > "$1/sqfstar.log" 2>&1
            """
        _ = try Tool("sh", ["-c", Word(pack), "sh", Word(work)]).output()
    }

    /// Writes the scripts with their folders moved into the scratch directory and with waits that do not wait.
    private func writeScripts() throws {
        let module = Catboat.projectFolder.joined("share/dracut/98catboat")
        let prelude = """
            getarg() { for word in $WORDS; do case $word in "$1"*) value=${word#"$1"}; echo "$value"; return 0 ;; esac; done; return 1; }
            emergency_shell() { echo "SHELL: $*"; exit 7; }

            """
        let library = try module.joined("catboat-lib.sh").readText()
            .replacing("/run/catboat", with: "\(work)/run")
            .replacing("/sys/class/tty/console/active", with: "/dev/null")
            .replacing("    sleep \"$seconds\"\n", with: "    [ \"$try\" -lt 3 ] || exit 9\n")
        try Scratch.write(prelude + library, to: "library")
        let helper = Catboat.execPath.joined("catboat-setattr").printable
        let script = try module.joined("catboat-root").readText()
            .replacing("/lib/catboat-lib.sh", with: "\(work)/library")
            .replacing("/run/catboat", with: "\(work)/run")
            .replacing("/sbin/catboat-setattr", with: helper)
            .replacing("$(catboat-setattr ", with: "$(\(helper) ")
            .replacing("network_is_up || exit 0\n", with: "")
            .replacing("/proc/filesystems", with: "\(work)/filesystems")
            .replacing("catboat-status netbooting &\n", with: "")
            .replacing("catboat-handover\n", with: "")
        try Scratch.write(script, to: "script")
    }

    private struct Outcome {
        var status: Tool.Ending
        var lines: [String]

        func says(_ text: String) -> Bool { lines.contains { $0.contains(text) } }
    }

    /// Runs the script with these kernel words; afterwards prints what stands at the new root.
    private func run(_ words: String...) throws -> Outcome {
        try root.createDirectories()
        try writeScripts()
        let script = """
            . "$1/script"
            echo "type $(findmnt -n -o FSTYPE "$1/root")"
            echo "file $(cat "$1/root/file")"
            echo "attribute $(getfattr --absolute-names -n trusted.catboat -e hex --only-values "$1/root/file" | od -An -tx1)"
            [ ! -e "$1/root/labelled" ] || echo "labelled $(cat "$1/root/labelled")"
            findmnt -n "$1/root/proc"
            echo "left $(ls -A "$1/root/.catboat" 2> /dev/null)"
            """
        var tool = Tool("unshare", ["--mount", "--propagation", "private", "sh", "-c", Word(script), "sh", Word(work)])
        tool.environment["WORDS"] = Word(words.joined(separator: " "))
        tool.environment["NEWROOT"] = Word(root)
        let captured = try tool.capture()
        return Outcome(status: captured.ending, lines: captured.lines.map(String.init))
    }

    private func digest(_ name: String) throws -> String {
        try Digest.ofFile(work.joined("site/install").joined(name)).description
    }

    @Test(arguments: [
        "rootimg.cpio.gz", "rootimg.cpio.xz", "rootimg.cpio.zst", "rootimg.tar.gz", "rootimg.tar.xz", "rootimg.tar.zst",
        "rootimg.sfs",
    ]) func `every kind of root image is checked, unpacked and gets its attributes`(name: String) throws {
        try packTree()
        let server = try WebServer(root: work.joined("site"), folder: work)
        let url = "imgurl=http://127.0.0.1:\(server.port)//install/\(name)"
        let outcome = try run(url, "imgsum=\(try digest(name))")
        #expect(outcome.status == .exited(0))
        #expect(outcome.says("root image verified: \(try digest(name))"))
        #expect(outcome.says("type \(name == "rootimg.sfs" ? "overlay" : "tmpfs")"))
        #expect(outcome.says("file content"))
        #expect(outcome.says("attribute  01 02"))
        #expect(outcome.lines.contains("left "))
        // An exclude list may have taken a file whose attribute is on the list: said, and no reason to stop.
        #expect(outcome.says("warning: not every file attribute (capabilities, ACLs) was restored: gone: "))
    }

    @Test(arguments: ["rootimg.cpio.gz", "rootimg.tar.zst", "rootimg.sfs"])
    func `another checksum is refused three times out of three`(name: String) throws {
        try packTree()
        let server = try WebServer(root: work.joined("site"), folder: work)
        let wanted = Digest.of("other".utf8).description
        let outcome = try run("imgurl=http://127.0.0.1:\(server.port)/install/\(name)", "imgsum=\(wanted)")
        #expect(outcome.status == .exited(9))
        let refusals = outcome.lines.filter { $0.contains("error: root image refused: checksum does not match") }
        #expect(refusals.count == 3 && refusals[0].contains(wanted))
        #expect(!outcome.says("switching to it"))
    }

    @Test func `without imgsum= the image is used and called unverified`() throws {
        try packTree()
        let server = try WebServer(root: work.joined("site"), folder: work)
        let outcome = try run("imgurl=http://127.0.0.1:\(server.port)/install/rootimg.cpio.gz")
        #expect(outcome.status == .exited(0))
        #expect(outcome.says("warning: no imgsum= on the kernel command line: the root image is UNVERIFIED"))
    }

    @Test func `failures are told with their reason, and waits grow`() throws {
        try packTree()
        let server = try WebServer(root: work.joined("site"), folder: work)
        let base = "http://127.0.0.1:\(server.port)/install"
        let missing = try run("imgurl=\(base)/none/rootimg.cpio.gz")
        #expect(missing.says("error: download failed: curl: (22) The requested URL returned error: 404"))
        let waits = missing.lines.filter { $0.contains("next try in") }.compactMap { line in
            line.split(separator: " ").compactMap { Int($0) }.first
        }
        try #require(waits.count == 3)
        #expect((2...3).contains(waits[0]) && (4...6).contains(waits[1]) && (8...11).contains(waits[2]))
        let small = try run("imgurl=\(base)/rootimg.cpio.zst", "rootlimit=4k")
        #expect(small.says("error: root image cannot be unpacked: ") && small.says("rootlimit="))
    }

    @Test(arguments: [
        (["imgurl=http://h/rootimg.cpio.gz", "imgsum=md5:1"], "imgsum=md5:1: only sha256:<hex> is known"),
        (["imgurl=http://h/rootimg.cpio.gz", "imgsum=sha256:12"], "imgsum=sha256:12 has 2 digits, not 64"),
        (["imgurl=nfs://h/rootimg.cpio.gz"], "imgurl=nfs://h/rootimg.cpio.gz: only http and https are known"),
        (["imgurl=http://h/root.iso"], "'root.iso' is not a root image this initramfs knows"),
    ]) func `what no waiting can cure is said once`(words: [String], reason: String) throws {
        let outcome = try run(words.joined(separator: " "))
        #expect(outcome.status == .exited(7))
        #expect(outcome.lines.filter { $0.hasPrefix("catboat: error: ") && $0.contains(reason) }.count == 1)
    }

    /// - Parameters:
    ///   - word: of the kernel command line.
    ///   - labels: whether files are labelled.
    @Test(arguments: [
        ("", "enforcing", true, true), ("selinux=1", "permissive", true, true), ("", "disabled", true, false),
        ("selinux=0", "enforcing", true, false), ("", "enforcing", false, false),
    ]) func `files are labelled where SELinux guards the node`(word: String, mode: String, kernel: Bool, labels: Bool)
        throws
    {
        try Scratch.write("nodev\tproc\n\(kernel ? "nodev\tselinuxfs\n" : "")", to: "filesystems")
        try Scratch.write("SELINUX=\(mode)\nSELINUXTYPE=targeted\n", to: "tree/etc/selinux/config")
        let contexts = "etc/selinux/targeted/contexts/files/file_contexts"
        try Scratch.write("/.* system_u:object_r:default_t:s0\n", to: "tree/\(contexts)")
        // Stands for setfiles(8), which takes its files by /proc/self/fd and labels nothing without.
        try Scratch.write(
            "#!/bin/sh\n[ -e /proc/self/fd ] && echo \"$@\" > /labelled\n", to: "tree/usr/sbin/setfiles",
            permissions: 0o755)
        try work.joined("tree/bin").createDirectories()
        _ = try Tool("cp", ["/bin/busybox", Word(work.joined("tree/bin/sh"))]).output()
        try packTree()
        let server = try WebServer(root: work.joined("site"), folder: work)
        let outcome = try run("imgurl=http://127.0.0.1:\(server.port)/install/rootimg.tar.gz", word)
        #expect(outcome.status == .exited(0))
        #expect(outcome.says("labelled -q -e /proc /\(contexts) /") == labels)
        #expect(!outcome.says("for SELinux"))
    }

    @Test func `a guarded node whose image cannot label files is told what is missing`() throws {
        try Scratch.write("nodev\tselinuxfs\n", to: "filesystems")
        try Scratch.write("SELINUX=enforcing\nSELINUXTYPE=targeted\n", to: "tree/etc/selinux/config")
        try packTree()
        let server = try WebServer(root: work.joined("site"), folder: work)
        let outcome = try run("imgurl=http://127.0.0.1:\(server.port)/install/rootimg.tar.gz")
        #expect(outcome.status == .exited(0))
        #expect(outcome.says("files cannot be labelled: add policycoreutils and selinux-policy-targeted"))
    }
}
