import CommandList
import FoundationEssentials
import Support
import SystemPackage
import TestSupport
import Testing

/// What Tab does in the shells themselves, on a pseudo-terminal where they need one.
@Suite(.scratchDirectory) struct ShellCompletionTests {
    /// A line, and the words that stand there when every completion was inserted.
    private static let cases: [(line: String, words: [String])] = [
        // Verbs and global options.
        ("catboat genim", ["catboat", "genimage"]),
        ("catboat clo", ["catboat", "clone"]),
        ("catboat st", ["catboat", "status"]),
        ("catboat --root / lsd", ["catboat", "--root", "/", "lsdef"]),
        ("catboat --root fold", ["catboat", "--root", "folder"]),
        ("imgexport login-one medi", ["imgexport", "login-one", "medium.iso"]),
        ("imgexport login-one -p cn02", ["imgexport", "login-one", "-p", "cn02"]),
        ("imgimport medium.iso -p comp", ["imgimport", "medium.iso", "-p", "compute"]),
        ("catboat chroot login-o", ["catboat", "chroot", "login-one"]),
        ("catboat du login-t", ["catboat", "du", "login-two"]),
        ("catboat -c a.b=1 docto", ["catboat", "-c", "a.b=1", "doctor"]),
        ("catboat help packim", ["catboat", "help", "packimage"]),
        // Options, and the values that they take.
        ("genimage --pl", ["genimage", "--plan"]),
        ("catboat genimage --onlyi", ["catboat", "genimage", "--onlyinitrd"]),
        ("packimage --method cp", ["packimage", "--method", "cpio"]),
        ("packimage -m squ", ["packimage", "-m", "squashfs"]),
        ("packimage --compress z", ["packimage", "--compress", "zstd"]),
        ("catboat log --kind rec", ["catboat", "log", "--kind", "recipe"]),
        ("nodeset --no-h", ["nodeset", "--no-hooks"]),
        // Osimages.
        ("genimage log", ["genimage", "login-one", "login-two"]),
        ("packimage login-o", ["packimage", "login-one"]),
        ("catboat status login-t", ["catboat", "status", "login-two"]),
        ("catboat clone login-o", ["catboat", "clone", "login-one"]),
        ("catboat clone login-one new pkgl", ["catboat", "clone", "login-one", "new", "pkglist="]),
        ("lsdef -t osimage -o login-o", ["lsdef", "-t", "osimage", "-o", "login-one"]),
        ("rmdef -t osimage login-tw", ["rmdef", "-t", "osimage", "login-two"]),
        // Nodes and groups, also in the middle of a noderange.
        ("nodels cn", ["nodels", "cn01", "cn02"]),
        ("nodels comp", ["nodels", "compute"]),
        ("nodeset cn01,cn02 osimage=login-t", ["nodeset", "cn01,cn02", "osimage=login-two"]),
        ("nodeset cn01 of", ["nodeset", "cn01", "offline"]),
        ("lsdef cn01,cn0", ["lsdef", "cn01,cn01", "cn01,cn02"]),
        ("catboat which cn02", ["catboat", "which", "cn02"]),
        // Types, attributes, tables and columns.
        ("lsdef -t osim", ["lsdef", "-t", "osimage"]),
        ("lsdef -t netw", ["lsdef", "-t", "network"]),
        ("chdef -t osimage login-one pkglis", ["chdef", "-t", "osimage", "login-one", "pkglist="]),
        ("chdef -t osimage -o login-one exl", ["chdef", "-t", "osimage", "-o", "login-one", "exlist="]),
        ("mkdef cn03 xcatma", ["mkdef", "cn03", "xcatmaster="]),
        ("lsdef cn01 -i provm", ["lsdef", "cn01", "-i", "provmethod"]),
        ("tabdump linuxim", ["tabdump", "linuximage"]),
        ("nodels cn01 noderes.netb", ["nodels", "cn01", "noderes.netboot"]),
        ("nodech cn01 nodehm.serialp", ["nodech", "cn01", "nodehm.serialport="]),
        ("chtab node=cn01 nodetype.provm", ["chtab", "node=cn01", "nodetype.provmethod="]),
        ("gettab key=master site.val", ["gettab", "key=master", "site.value"]),
        // Revisions and tags.
        ("catboat show golden", ["catboat", "show", "golden-image"]),
        ("catboat revert login-one gold", ["catboat", "revert", "login-one", "golden-image"]),
        (
            "catboat diff golden-image..login-t",
            ["catboat", "diff", "golden-image..login-two", "golden-image..login-two@{1}"]
        ),
        ("catboat log --from=gold", ["catboat", "log", "--from=golden-image"]),
        ("catboat tag gold", ["catboat", "tag", "golden-image"]),
        // Events, files and folders.
        ("catboat hook run pre-pub", ["catboat", "hook", "run", "pre-publish"]),
        ("catboat hook run --try postins", ["catboat", "hook", "run", "--try", "postinstall"]),
        ("catboat hook run pre-publish login-o", ["catboat", "hook", "run", "pre-publish", "login-one"]),
        ("copycds medi", ["copycds", "medium.iso"]),
        ("copycds --path fold", ["copycds", "--path", "folder"]),
        // Nothing is made up.
        ("genimage nosuch", ["genimage", "nosuch"]),
        ("catboat nosuchve", ["catboat", "nosuchve"]),
    ]

    @Test(.enabled(if: Tool.isInstalled("python3")), arguments: ["bash", "zsh", "fish"])
    func `Tab completes commands, options and live names`(shell: String) throws {
        try #require(Self.cases.count >= 40)
        let made = try drive(shell, Self.cases.map(\.line))
        try #require(made.count == Self.cases.count)
        for (index, expected) in Self.cases.enumerated() {
            // Whether a folder has its slash at once is the shell's own.
            let words = made[index].map { $0.hasSuffix("/") && $0.count > 1 ? String($0.dropLast()) : $0 }
            #expect(words == expected.words, "\(shell): '\(expected.line)' became \(words)")
        }
    }

    @Test func `zsh completes every command that people type`() throws {
        let first = try Catboat.projectFolder.joined("completions/_catboat").readText().prefix { $0 != "\n" }
        let named = first.split(separator: " ").dropFirst(2).map(String.init)
        let porcelain = CommandList.entries.filter { $0.commandClass == .porcelain }.map(\.name)
        #expect(named == porcelain.sorted { $0.lowercased() < $1.lowercased() } || Set(named) == Set(porcelain))
    }

    private func drive(_ shell: String, _ lines: [String]) throws -> [[String]] {
        let exec = try Catboat.namedExecPath()
        let root = Scratch.directory.joined("root")
        try root.createDirectories()
        var catboat = Catboat(root: root)
        catboat.environment["CATBOAT_EXEC_PATH"] = Word(exec)
        let batch =
            ["login-one", "login-two"].map { name in
                "set\tosimage\timagename=\(name)\t:\timagetype=linux\tprovmethod=netboot\tosvers=debian12\tosarch=x86_64\tprofile=p\n"
            } + ["cn01", "cn02"].map { "set\tnodelist\tnode=\($0)\t:\tgroups=compute,all\n" }
        try #require(try catboat("table-set", "--stdin", input: batch.joined()).status == 0)
        try #require(try catboat("profile-commit", "login-one").status == 0)
        try #require(try catboat("profile-tag", "golden-image", "login-one").status == 0)
        let folder = Scratch.directory.joined("work/folder")
        try folder.createDirectories()
        try Scratch.write("", to: "work/medium.iso")
        try Scratch.write("#!/bin/sh\nprintf '<<%s>>' \"$@\"\necho\n", to: "bin/show-words", permissions: 0o755)
        var tool = catboat.tool("help")
        tool.program = Catboat.projectFolder.joined("Tests/Completion/drive-shell")
        tool.words = [Word(shell), Word(Catboat.projectFolder.joined("completions"))]
        tool.directory = Scratch.directory.joined("work")
        tool.environment["CATBOAT_ROOT"] = Word(root)
        tool.environment["HOME"] = Word(Scratch.directory)
        tool.environment["PATH"] = Word(
            "\(exec):\(Scratch.directory.joined("bin")):\(Environment.current.text("PATH") ?? "")")
        let captured = try tool.capture(input: Array(JSONEncoder().encode(lines)))
        try #require(
            captured.ending == .exited(0), "\(String(decoding: captured.errors, as: UTF8.self))")
        return try captured.lines.map { try JSONDecoder().decode([String].self, from: Data($0.utf8)) }
    }
}
