import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// Manifests that mean harm, in bundles that are sound otherwise: imgimport refuses them and leaves no trace.
@Suite(.scratchDirectory) struct HostileManifestTests {
    private static let boot = "/install/netboot/debian12/x86_64/compute"

    private struct Harm: CustomTestStringConvertible {
        var name: String
        /// Replaces the first of it in the manifest of a sound bundle.
        var old: String
        var new: String
        /// Begins the error.
        var message: String
        var testDescription: String { name }
    }

    private static let outside = "Error: The bundle puts a file outside the site's folders: "
    private static let closed = "Error: The bundle would change what only the site decides: "
    private static let unplain = "Error: The bundle names a path that is not plain: "
    private static let invalid = "manifest-read: error: "

    private static let corpus: [Harm] = [
        Harm(name: "kernel outside", old: "\(boot)/kernel<", new: "/boot/kernel<", message: outside + "'/boot'"),
        Harm(
            name: "kernel climbs", old: "\(boot)/kernel<", new: "\(boot)/../../../../../boot/kernel<", message: unplain),
        Harm(name: "kernel is relative", old: "\(boot)/kernel<", new: "kernel<", message: unplain),
        Harm(
            name: "kernel in a set", old: "\(boot)/kernel<", new: "\(boot)/.packed/kernel<",
            message: closed + "'\(boot)/.packed'"),
        Harm(
            name: "root image's folder outside", old: "<rootimgdir>\(boot)<", new: "<rootimgdir>/etc<",
            message: outside + "'/etc'"),
        Harm(
            name: "root image's folder climbs", old: "<rootimgdir>\(boot)<", new: "<rootimgdir>/install/../etc<",
            message: unplain),
        Harm(
            name: "root image's folder is the history", old: "<rootimgdir>\(boot)<",
            new: "<rootimgdir>/install/custom/.git<", message: closed),
        Harm(
            name: "partition file outside", old: "<linuximage>",
            new: "<linuximage><partitionfile>s:/etc/shadow</partitionfile>", message: outside + "'/etc/shadow'"),
        Harm(
            name: "list over the configuration", old: "<exlist>/install/custom/netboot/debian/compute.exlist<",
            new: "<exlist>/install/custom/config<", message: closed + "'/install/custom/config'"),
        Harm(
            name: "script outside", old: "<postinstall>/install/custom/netboot/debian/compute.postinstall<",
            new: "<postinstall>/bin/rm -rf /install<", message: outside + "'/bin/rm'"),
        Harm(
            name: "column that does not exist", old: "<osimage>", new: "<osimage><nosuch>1</nosuch>",
            message: invalid),
        Harm(
            name: "entity", old: "<xcatimage>",
            new: "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\n<xcatimage>",
            message: invalid),
        Harm(name: "escape as a reference", old: "<profile>", new: "<profile>&#27;[2J", message: invalid),
        Harm(name: "escape", old: "<profile>", new: "<profile>\u{1b}[2J", message: invalid),
        Harm(
            name: "name that climbs", old: "<imagename>\(BundleSite.image)<", new: "<imagename>../../x<",
            message: invalid),
        Harm(
            name: "extra outside", old: "<kernel>",
            new: "<extra><dest>/root/.ssh</dest><src>/install/kernel</src></extra><kernel>",
            message: "Error: The bundle does not have the extra file /install/kernel."),
    ]

    @Test(arguments: corpus) private func `it is refused by name and leaves no trace`(harm: Harm) throws {
        let from = try BundleSite.make("from", version: "1")
        let bundle = Scratch.directory.joined("image.tgz")
        try from.succeed("imgexport", Word(BundleSite.image), Word(bundle))
        let tree = Scratch.directory.joined("tree")
        try tree.createDirectories()
        _ = try Tool("tar", ["-xzf", Word(bundle), "-C", Word(tree)]).output()
        let folder = tree.joined(BundleSite.image)
        // As xCAT's bundles are: without an index that would tell.
        try folder.joined(".catboat").removeTree()
        let manifest = folder.joined("manifest.xml")
        let text = try manifest.readText()
        let range = try #require(text.firstRange(of: harm.old), "\(text)")
        // A name that climbs, wherever the manifest has it; of anything else the first is enough.
        let changed =
            harm.name == "name that climbs"
            ? text.replacing(harm.old, with: harm.new) : text.replacingCharacters(in: range, with: harm.new)
        try AtomicFile.write(changed.utf8, to: manifest)
        _ = try Tool("tar", ["-czf", Word(bundle), "-C", Word(tree), "."]).output()

        let to = try BundleSite.empty("to")
        let before = try BundleSite.state("to")
        let result = try to("imgimport", Word(bundle))
        #expect(result.status == 1)
        #expect(result.stderr.hasPrefix(harm.message), "\(result.stderr)")
        #expect(result.stderr.contains("\nhint: ") || harm.name == "extra outside", "\(result.stderr)")
        #expect(!result.stderr.contains("\u{1b}"))
        #expect(try BundleSite.state("to") == before)
        #expect(try to("lsdef", "-t", "osimage", "-s").stdout == "Could not find any object definitions to display.\n")
        // Whoever trusts it may say so, for places outside; never for what is the site's alone, nor for boot files that
        // are not in the root image's folder.
        if harm.message.hasPrefix(Self.outside) {
            let allowed = try to("imgimport", Word(bundle), "--allow-outside")
            #expect((allowed.status == 0) == harm.name.hasPrefix("partition"), "\(allowed)")
        }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
