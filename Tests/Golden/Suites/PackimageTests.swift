import Support
import SystemPackage
import TestSupport
import Testing

/// packimage against what xCAT printed for the same mistakes and methods.
@Suite(.scratchDirectory) struct PackimageTests {
    private var root: FilePath { Scratch.directory }
    private var catboat: Catboat { Catboat(root: root) }

    private func replay(_ recording: String) throws {
        let differences = try GoldenDifferences()
        for record in try GoldenRecord.records(of: recording) {
            let result: Catboat.Result
            if record.argv[0] == "ls" {
                // xCAT had neither kernel nor initramfs there, without which ours publishes nothing.
                let names = try root.joined(record.argv[1]).directoryNames().filter {
                    $0.bytes.first != 0x2e && $0 != "kernel" && $0 != "initrd-stateless.gz"
                }
                result = .init(status: 0, stdout: names.map { "\($0)\n" }.joined(), stderr: "")
            } else {
                var found = try catboat.run(record.argv[0], record.argv.dropFirst().map { Word($0) })
                found.stdout = found.stdout.replacing(root.printable, with: "")
                found.stderr = found.stderr.replacing(root.printable, with: "")
                // Each method makes another set; the oldest are told as they go.
                found.stderr = found.stderr.split(separator: "\n").filter {
                    !$0.hasPrefix("image-publish: removed set ")
                }.map { "\($0)\n" }.joined()
                if record.stdout.contains("<usage text>") {
                    #expect(found.stdout.contains("packimage"))
                    found.stdout = record.stdout
                }
                result = found
            }
            #expect(result == record.expected(differences), "\(record.place): \(record.argv)")
        }
    }

    private func define(_ image: String, _ attributes: String...) throws {
        let batch = """
            set\tosimage\timagename=\(image)\t:\tprovmethod=netboot\tosvers=debian12.15.0\tosarch=x86_64\tprofile=t\timagetype=linux
            set\tlinuximage\timagename=\(image)\t:\t\(attributes.joined(separator: "\t"))
            set\tsite\tkey=timezone\t:\tvalue=Etc/UTC

            """
        try #require(try catboat("table-set", "--stdin", input: batch).status == 0)
    }

    @Test func `mistakes are told in the same words, before anything changes`() throws {
        try define(
            "rhels8.5.0-ppc64le-netboot-compute", "rootimgdir=/install/netboot/rhels8.5.0/ppc64le/compute")
        let row = "imagename=rhels8.5.0-ppc64le-install-compute"
        try #require(try catboat("table-set", "osimage", Word(row), "provmethod=install").status == 0)
        try replay("mistakes/packimage.jsonl")
        #expect(!root.joined("install/netboot").exists)
    }

    @Test func `every method and compressor prints the same and makes the same file`() throws {
        let folder = root.joined("install/netboot/tiny")
        try folder.createDirectories()
        let make = GoldenRecord.folder.joined("packimage/mktinyroot")
        _ = try Tool(make, [Word(folder.joined("rootimg"))]).output()
        // xCAT packs any tree; the build record needs to know the packages.
        try Scratch.write("", to: "install/netboot/tiny/rootimg/var/lib/dpkg/status")
        for name in ["kernel", "initrd-stateless.gz"] { try Scratch.write(name, to: "install/netboot/tiny/\(name)") }
        try define("tiny-x86_64-netboot-t", "rootimgdir=/install/netboot/tiny")
        try replay("packimage/methods.jsonl")
    }
}
