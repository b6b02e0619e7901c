import Support
import SystemPackage
import TestSupport
import Testing

/// imgexport and imgimport against what xCAT printed, wrote and stored.
@Suite(.scratchDirectory) struct BundleGoldenTests {
    private var root: FilePath { Scratch.directory }
    private var home: FilePath { root.joined("root/exp") }

    /// - Parameter folder: where it is run; that of most recordings unless given.
    private func run(
        _ words: [String], in cluster: PeerCluster, from folder: FilePath? = nil
    ) throws -> Catboat.Result {
        let home = root.joined("root/").printable
        let here = words.dropFirst().map { Word($0.replacing("/root/", with: home + "/")) }
        var tool = cluster.catboat.tool(words[0], Array(here))
        tool.directory = folder ?? self.home
        let captured = try tool.capture()
        let status: CInt = if case .exited(let code) = captured.ending { code } else { -1 }
        var result = Catboat.Result(
            status: status, stdout: String(decoding: captured.output, as: UTF8.self),
            stderr: String(decoding: captured.errors, as: UTF8.self))
        result.stdout = result.stdout.replacing("\(root)...", with: "/...").replacing(root.printable, with: "")
        if let usage = result.stdout.firstRange(of: "OVERVIEW: ") {
            result.stdout = result.stdout[..<usage.lowerBound] + "<usage text>\n"
        }
        result.stderr = plain(result.stderr.replacing(root.printable, with: ""))
        return result
    }

    /// Without our hints, without what a step says for itself, and without the list of code, which xCAT has not.
    private func plain(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            !line.hasPrefix("hint: ") && !line.hasPrefix("The image ") && !line.hasPrefix("  postinstall ")
                && !line.hasPrefix("  hook ") && !line.hasPrefix("  extra ") && !line.hasPrefix("  root image ")
                && !line.hasPrefix("bundle-")
                && !line.hasPrefix("manifest-")
        }.joined(separator: "\n")
    }

    /// The recording without the temporary tree, which we do not need.
    private func expected(_ record: GoldenRecord, _ differences: GoldenDifferences) -> Catboat.Result {
        var result = record.expected(differences)
        result.stdout = result.stdout.split(separator: "\n", omittingEmptySubsequences: false).filter {
            !$0.hasPrefix("Inside ") && !$0.contains("imgexport.PID") && !$0.contains("imgimport.PID")
        }.joined(separator: "\n")
        return result
    }

    private func makeFixtures() throws {
        try home.createDirectories()
        try root.joined("root/dest").createDirectories()
        _ = try Tool(GoldenRecord.folder.joined("imgexport/mkfixtures"), [Word(root)]).output()
        try Scratch.write("%end\n", to: "opt/xcat/share/xcat/install/rh/compute.tmpl")
    }

    private func define(_ stanza: String, in cluster: PeerCluster) throws {
        let text = try GoldenRecord.folder.joined("inputs/\(stanza).stanza").readText()
        for part in text.split(separator: "\n", omittingEmptySubsequences: false).chunked() {
            let result = try cluster.catboat("mkdef", "-z", input: part)
            try #require(result.status == 0, "\(result)")
        }
    }

    /// Files that a record wants out of the way.
    private func away(_ record: GoldenRecord) -> FilePath? {
        let boot = "install/netboot/rhels8.5.0/ppc64le/compute"
        return switch record.note {
        case "initrd-stateless.gz is away": root.joined("\(boot)/initrd-stateless.gz")
        case "rootimg.cpio.gz is away": root.joined("\(boot)/rootimg.cpio.gz")
        case "the template file is away": root.joined("install/custom/install/rh/compute.rhels8.tmpl")
        default: nil
        }
    }

    @Test func `imgexport prints, writes and fails as xCAT did`() throws {
        let cluster = try PeerCluster.base(in: root)
        try define("statelite", in: cluster)
        try makeFixtures()
        let differences = try GoldenDifferences()
        for record in try GoldenRecord.records(of: "imgexport/commands.jsonl") where record.argv[0] != "ls" {
            let hidden = away(record)
            if let hidden { try hidden.rename(to: hidden.appending(".away")) }
            let result = try run(record.argv, in: cluster)
            if let hidden { try hidden.appending(".away").rename(to: hidden) }
            #expect(result == expected(record, differences), "\(record.place): \(record.argv)")
        }
        let image = "rhels8.5.0-ppc64le"
        for (name, bundle) in [
            ("install", "\(image)-install-compute.tgz"), ("install-service", "\(image)-install-service.tgz"),
            ("netboot", "\(image)-netboot-compute.tgz"), ("netboot-extra-postscripts", "extras.tgz"),
            ("netboot-no-rootimgdir", "norootimgdir.tgz"), ("statelite", "\(image)-statelite-lite.tgz"),
        ] { try compare(home.joined(bundle), with: name) }
        // Folders of destinations are honoured.
        #expect(root.joined("root/dest/abs.tgz").exists)
        #expect(root.joined("root/dest/\(image)-install-compute.tgz").exists)
        #expect(home.joined("sub/rel.tgz").exists)
        #expect(!home.joined("norootimg.tgz").exists && !home.joined("notmpl.tgz").exists)
    }

    @Test(arguments: ["imgexport", "imgimport"])
    func `mistakes end as recorded, and leave nothing`(verb: String) throws {
        let cluster = try PeerCluster.base(in: root)
        let differences = try GoldenDifferences()
        let before = try root.directoryNames()
        for record in try GoldenRecord.records(of: "mistakes/\(verb).jsonl") {
            let result = try run(record.argv, in: cluster, from: root)
            #expect(result == expected(record, differences), "\(record.place): \(record.argv)")
        }
        #expect(try root.directoryNames() == before)
    }

    /// Manifest by bytes, members by name, mode, size and digest.
    private func compare(_ bundle: FilePath, with name: String) throws {
        let folder = GoldenRecord.folder.joined("imgexport/\(name)")
        let out = root.joined("out-\(name)")
        try out.createDirectories()
        _ = try Tool("tar", ["-xzf", Word(bundle), "-C", Word(out)]).output()
        let image = try #require(try out.directoryNames().first)
        #expect(
            try out.joined(image).joined("manifest.xml").readText() == folder.joined("manifest.xml").readText(),
            "\(name)")
        let listed = try Tool("tar", ["-tvzf", Word(bundle)], environment: Environment.current).output().lines
        let ours = listed.filter { !$0.contains("/.catboat") }.map(Self.modeAndName).sorted()
        let theirs = try folder.joined("tar-tvzf.txt").readText().split(separator: "\n").map(Self.modeAndName).sorted()
        #expect(ours == theirs, "\(name)")
        for line in try folder.joined("sha256.txt").readText().split(separator: "\n")
        // Another program packed the tree, and its gzip differs.
        where !line.hasSuffix("rootimgtree.gz") && !line.hasSuffix("rootimg.cpio.gz") {
            let words = line.split(separator: " ", maxSplits: 1)
            let file = words[1].drop { $0 == " " || $0 == "*" }
            let found = try Tool("sha256sum", [Word(out.joined(String(file)))]).output().text
            #expect(found.hasPrefix(words[0]), "\(name): \(file)")
        }
    }

    private static func modeAndName(_ line: some StringProtocol) -> String {
        let words = line.split(separator: " ")
        return "\(words.first ?? "") \(words.last ?? "")"
    }

    // MARK: - Import

    /// A bundle as xCAT's exporter would make it of the fixtures, with the recorded manifest.
    private func makeBundle(_ name: String, of recorded: String, change: (FilePath) throws -> Void = { _ in }) throws {
        let folder = GoldenRecord.folder.joined("imgexport/\(recorded)")
        let source = root.joined("fixtures")
        let listing = try folder.joined("tar-tvzf.txt").readText().split(separator: "\n").map { line in
            String(line.split(separator: " ").last ?? "")
        }
        let image = try #require(listing.first { $0.count > 2 && $0.hasSuffix("/") })
        let top = root.joined("bundles/\(name)")
        let target = top.joined(FilePath(image).lastName)
        try target.createDirectories()
        let isLite = image.contains("statelite")
        let boot = source.joined("install/netboot/rhels8.5.0/ppc64le/\(isLite ? "lite" : "compute")")
        let lists = source.joined(image.contains("install") ? "install/custom/install/rh" : "install/custom/netboot/rh")
        for member in listing where !member.hasSuffix("/") && !member.contains("/extra/") {
            let file = FilePath(member).lastName
            let found = [boot, lists].map { $0.joined(file) }.first { $0.isRegularFile }
            if let found { _ = try Tool("cp", ["-p", Word(found), Word(target)]).output() }
        }
        for file in ["manifest.xml", "litefile.csv"] where folder.joined(file).exists {
            _ = try Tool("cp", [Word(folder.joined(file)), Word(target)]).output()
        }
        if isLite {
            let tree = Tool("sh", ["-c", "find rootimg | LC_ALL=C sort | cpio --quiet -H newc -o | gzip -n"])
            var inFolder = tree
            inFolder.directory = boot
            try AtomicFile.write(try inFolder.output().output, to: target.joined("rootimgtree.gz"))
        }
        if listing.contains(where: { $0.contains("/extra/") }) {
            let extra = target.joined("extra/install/site")
            try extra.createDirectories()
            _ = try Tool("cp", ["-a", Word(source.joined("install/site/extradir")), Word(extra)]).output()
            _ = try Tool("cp", ["-a", Word(source.joined("install/site/extra.conf")), Word(target.joined("extra"))])
                .output()
        }
        try change(target)
        _ = try Tool("tar", ["-czf", Word(home.joined(name)), "-C", Word(top), "."]).output()
    }

    private func makeBundles() throws {
        _ = try Tool(GoldenRecord.folder.joined("imgexport/mkfixtures"), [Word(root.joined("fixtures"))]).output()
        try home.createDirectories()
        let image = "rhels8.5.0-ppc64le"
        try makeBundle("\(image)-install-compute.tgz", of: "install")
        try makeBundle("\(image)-netboot-compute.tgz", of: "netboot")
        try makeBundle("\(image)-statelite-lite.tgz", of: "statelite")
        try makeBundle("extras.tgz", of: "netboot-extra-postscripts")
        try makeBundle("nomanifest.tgz", of: "install") { try $0.joined("manifest.xml").removeFile() }
        try makeBundle("badxml.tgz", of: "install") {
            try AtomicFile.write("<xcatimage><osimage>".utf8, to: $0.joined("manifest.xml"))
        }
        try makeBundle("incomplete.tgz", of: "install") {
            try AtomicFile.write(
                "<xcatimage><osimage><imagename>x</imagename></osimage></xcatimage>".utf8,
                to: $0.joined("manifest.xml"))
        }
        try makeBundle("nokernelfile.tgz", of: "netboot") { try $0.joined("kernel").removeFile() }
        try makeBundle("nokernel.tgz", of: "netboot") {
            let file = $0.joined("manifest.xml")
            let text = try file.readText().split(separator: "\n").filter { !$0.contains("<kernel>") }
            try AtomicFile.write(text.joined(separator: "\n").utf8, to: file)
            try $0.joined("kernel").removeFile()
        }
        try makeBundle("notmpl.tgz", of: "install") { try $0.joined("compute.rhels8.tmpl").removeFile() }
        try AtomicFile.write("no archive\n".utf8, to: home.joined("nottar.tgz"))
        let plain = Tool("sh", ["-c", "gzip -dc \(image)-install-compute.tgz > plain.tar"])
        var inHome = plain
        inHome.directory = home
        _ = try inHome.output()
    }

    private func importing(_ name: String) throws -> PeerCluster {
        let cluster = try PeerCluster.fresh(in: root)
        try define("nodes", in: cluster)
        for folder in ["custom", "netboot", "site"] { try root.joined("install/\(folder)").createDirectories() }
        if name != "8-no-media" { try root.joined("install/rhels8.5.0/ppc64le").createDirectories() }
        return cluster
    }

    @Test(arguments: [
        "1-plain", "2-twice", "3-profile", "4-postscripts", "5-profile-postscripts", "6-verbose",
        "7-over-existing-files",
        "8-no-media", "9-bad-bundles",
    ])
    func `imgimport prints and stores what xCAT did`(name: String) throws {
        let cluster = try importing(name)
        try makeBundles()
        let differences = try GoldenDifferences()
        for record in try GoldenRecord.records(of: "imgimport/\(name)/commands.jsonl") {
            switch record.argv[0] {
            case "ls", "cat": continue
            case "sh":
                let list = root.joined("install/custom/netboot/rh/compute.rhels8.ppc64le.exlist")
                try AtomicFile.write(try list.readBytes() + Array("changed\n".utf8), to: list)
            default:
                // An extra file of this bundle goes to /etc, which ours does not let it unless told.
                let more = record.argv.contains("extras.tgz") ? ["--allow-outside"] : []
                let result = try run(record.argv + more, in: cluster)
                #expect(result == expected(record, differences), "\(record.place): \(record.argv)")
            }
        }
        let after = GoldenRecord.folder.joined("imgimport/\(name)/tables-after")
        for table in try after.directoryNames() {
            let place = "imgimport/\(name)/tables-after/\(table.printable)"
            let found = try cluster.catboat("tabdump", Word(FilePath(bytes: table.bytes.dropLast(4)))).stdout
            let recorded = try after.joined(table).readText()
            let wanted = differences[place]?["stdout"] ?? recorded
            #expect(found.split(separator: "\n").sorted() == wanted.split(separator: "\n").sorted(), "\(place)")
        }
    }
}

extension FilePath {
    fileprivate func appending(_ suffix: String) -> FilePath { FilePath(bytes: bytes + Array(suffix.utf8)) }
}

extension Sequence where Element == Substring {
    /// Stanzas of a file, each by itself.
    fileprivate func chunked() -> [String] {
        var result: [String] = []
        for line in self where !line.hasPrefix("#") {
            if !line.hasPrefix(" "), !line.isEmpty { result.append("") }
            if !result.isEmpty { result[result.count - 1] += line + "\n" }
        }
        return result
    }
}
