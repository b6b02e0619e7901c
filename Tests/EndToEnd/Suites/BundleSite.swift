import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// Small sites below the scratch directory, for bundles.
enum BundleSite {
    static let image = "debian12-x86_64-netboot-compute"

    /// A site with a small netboot image that no package manager made.
    static func make(_ name: String, version: String) throws -> Catboat {
        let catboat = try empty(name)
        let boot = "\(name)/install/netboot/debian12/x86_64/compute"
        for file in ["kernel", "initrd-stateless.gz"] { try Scratch.write("\(file) \(version)", to: "\(boot)/\(file)") }
        try Scratch.write("hello \(version)\n", to: "\(boot)/rootimg/etc/motd")
        let tree = Scratch.directory.joined(boot)
        try catboat.succeed(
            "ramdisk-pack", "-o", Word(tree.joined("rootimg.cpio.gz")), Word(tree.joined("rootimg")))
        let lists = "\(name)/install/custom/netboot/debian"
        try Scratch.write("bash\n#INCLUDE:more.pkglist#\n# \(version)\n", to: "\(lists)/compute.pkglist")
        try Scratch.write("vim # \(version)\n", to: "\(lists)/more.pkglist")
        try Scratch.write("./usr/share/doc*\n", to: "\(lists)/compute.exlist")
        try Scratch.write("#!/bin/sh\n# \(version)\n", to: "\(lists)/compute.postinstall", permissions: 0o755)
        try Scratch.write("#!/bin/sh\n", to: "\(name)/install/postscripts/setup", permissions: 0o755)
        try Scratch.write(
            "#!/bin/sh\n", to: "\(name)/install/custom/hooks/osimage/\(image)/pre-genimage.d/10-mine",
            permissions: 0o755)
        let custom = "/install/custom/netboot/debian/compute"
        try catboat.succeed(
            "mkdef", "-t", "osimage", "-o", Word(image), "imagetype=linux", "osvers=debian12", "osarch=x86_64",
            "profile=compute", "provmethod=netboot", "postscripts=setup", Word("pkglist=\(custom).pkglist"),
            Word("exlist=\(custom).exlist"), Word("postinstall=\(custom).postinstall"),
            "rootimgdir=/install/netboot/debian12/x86_64/compute", Word("usercomment=\(version)"))
        return catboat
    }

    static func empty(_ name: String) throws -> Catboat {
        let root = Scratch.directory.joined(name)
        try root.createDirectories()
        let catboat = Catboat(root: root)
        try catboat.succeed("init")
        return catboat
    }

    /// The definition of an image as lsdef prints it for mkdef.
    static func stanza(_ catboat: Catboat, _ image: String = image) throws -> String {
        try catboat.succeed("lsdef", "-t", "osimage", "-z", Word(image)).stdout
    }

    /// Files below install, without our own folder and the history, with their digests.
    static func state(_ site: String) throws -> [String: Digest] {
        let top = Scratch.directory.joined(site).joined("install")
        var result: [String: Digest] = [:]
        try TreeWalk(top).run { entry in
            let path = entry.path.printable
            if path == ".catboat" || path == "custom/.git" { return .skip }
            if entry.status.kind == .regular, entry.name != ".lock" {
                result[path] = try Digest.ofFile(top.joined(entry.path))
            }
            return .enter
        }
        return result
    }

    /// A trace as a script: its lines of depth 1, each with its here-document.
    static func script(_ trace: String) -> String {
        var script = "set -e\n"
        var isIn = false
        for line in trace.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("+ ") { isIn = true } else if line.hasPrefix("++") { isIn = false }
            if isIn { script += (line.hasPrefix("+ ") ? line.dropFirst(2) : line) + "\n" }
        }
        return script
    }

    /// Runs a command in a folder.
    static func run(
        _ catboat: Catboat, in folder: FilePath, _ verb: String, _ words: Word...
    ) throws -> Catboat.Result {
        var tool = catboat.tool(verb, words)
        tool.directory = folder
        let captured = try tool.capture()
        let status: CInt = if case .exited(let code) = captured.ending { code } else { -1 }
        return Catboat.Result(
            status: status, stdout: String(decoding: captured.output, as: UTF8.self),
            stderr: String(decoding: captured.errors, as: UTF8.self))
    }
}
