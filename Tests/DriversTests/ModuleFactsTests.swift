@testable import Drivers
import KernelModules
import Support
import SystemPackage
import TestSupport
import Testing

/// What a module says of itself, read from bytes that nobody vouches for.
@Suite(.scratchDirectory) struct ModuleFactsTests {
    private static let shapes: [(is64Bit: Bool, isLittleEndian: Bool)] = [
        (true, true), (true, false), (false, true), (false, false),
    ]

    @Test(arguments: 0..<4) func `description and kernel are read from every class and byte order`(shape: Int) throws {
        var module = SampleModule("Intel(R) PRO/1000 Network Driver", kernel: "5.14.0-70.el9")
        (module.is64Bit, module.isLittleEndian) = Self.shapes[shape]
        let facts = try #require(ModuleFacts(module.bytes))
        #expect(facts.description == "Intel(R) PRO/1000 Network Driver")
        #expect(facts.kernel == "5.14.0-70.el9")
        #expect(facts["license"] == "GPL")
    }

    @Test(arguments: [
        (62, true, "x86_64"), (183, true, "aarch64"), (21, true, "ppc64le"), (21, false, "ppc64"), (22, false, "s390x"),
    ])
    func `the header tells the architecture`(machine: Int, isLittleEndian: Bool, architecture: String) throws {
        var module = SampleModule("x")
        (module.machine, module.isLittleEndian) = (UInt16(machine), isLittleEndian)
        #expect(ModuleFacts(module.bytes)?.header.architecture == architecture)
    }

    @Test(.enabled(if: Tool.isInstalled("modinfo"))) func `modinfo reads the same`() throws {
        let file = Scratch.directory.joined("sample.ko")
        let module = SampleModule("A driver, with words")
        try AtomicFile.write(module.bytes, to: file)
        let told = try Tool("modinfo", ["-d", Word(file)]).output().lines.first
        #expect(told == "A driver, with words")
        #expect(ModuleFacts(module.bytes)?.description == "A driver, with words")
    }

    @Test func `what is no ELF file has no facts, and one without sections no fields`() throws {
        #expect(ModuleFacts([]) == nil)
        #expect(ModuleFacts(Array("tiny module e1000\n".utf8)) == nil)
        var bytes = SampleModule("x").bytes
        bytes.removeLast(64)
        #expect(ModuleFacts(bytes)?.fields.isEmpty == true)
    }

    /// Offsets, sizes and counts of the header and of the section headers, one after the other set to hostile values.
    @Test(arguments: 0..<4) func `numbers that lead out of the file are refused`(shape: Int) {
        var module = SampleModule("x")
        (module.is64Bit, module.isLittleEndian) = Self.shapes[shape]
        let whole = module.bytes
        for offset in 4..<whole.count {
            for value: UInt8 in [0x00, 0x7f, 0x80, 0xff] {
                for width in [1, 2, 4, 8] {
                    var bytes = whole
                    for index in offset..<min(offset + width, bytes.count) { bytes[index] = value }
                    _ = ModuleFacts(bytes)
                }
            }
        }
        for count in 0..<whole.count { _ = ModuleFacts(Array(whole[..<count])) }
    }

    @Test func `random bytes are read without harm`() {
        var random = FuzzText(seed: 7)
        let whole = SampleModule("x").bytes
        for _ in 0..<FuzzText.count(3000) {
            var bytes = whole
            for _ in 0...random.number(below: 12) {
                bytes[16 + random.number(below: bytes.count - 16)] = UInt8(random.number(below: 256))
            }
            if let facts = ModuleFacts(bytes) { #expect(facts.fields.count < 100) }
        }
    }

    @Test(arguments: ["xz", "gzip", "zstd"]) func `a compressed module is read without unpacking it anywhere`(
        program: String
    ) throws {
        let bytes = try Tool(FilePath(program), ["-c"]).output(input: SampleModule("packed").bytes).output
        let suffix = ["xz": ".xz", "gzip": ".gz", "zstd": ".zst"][program] ?? ""
        #expect(ModuleReader.facts(bytes, named: FilePath("a.ko\(suffix)"))?.description == "packed")
        #expect(ModuleReader.facts(Array(bytes.prefix(40)), named: FilePath("a.ko\(suffix)")) == nil)
    }
}

@Suite struct DriverFileTests {
    @Test(arguments: [
        ("lib/modules/5.1/extra/a/b.ko.xz", DriverFile.Kind.module(kernel: "5.1", path: "extra/a/b.ko.xz")),
        ("usr/lib/modules/5.1/updates/dkms/b.ko", .module(kernel: "5.1", path: "updates/dkms/b.ko")),
        ("2.6.32-71.el6/x86_64/b.ko", .module(kernel: "2.6.32-71.el6", path: "updates/b.ko")),
        ("linux/suse/x86_64-sles15/modules/b.ko", .module(kernel: nil, path: "updates/b.ko")),
        ("b.ko", .module(kernel: nil, path: "updates/b.ko")),
        ("lib/firmware/a/b.bin", .firmware("a/b.bin")), ("usr/lib/firmware/b.bin", .firmware("b.bin")),
        ("lib/modules/5.1/vmlinuz", .kernel("5.1")), ("boot/vmlinuz-5.1", .kernel("5.1")),
        ("boot/Image-5.1", .kernel("5.1")),
        ("lib/modules/5.1/modules.builtin", .index(kernel: "5.1", name: "modules.builtin")),
    ]) func `what a file is shows in its path`(path: String, kind: DriverFile.Kind) {
        #expect(DriverFile(FilePath(path))?.kind == kind)
    }

    @Test(arguments: [
        "lib/modules/5.1/modules.dep", "boot/vmlinux-5.1.gz", "boot/vmlinuz-0-rescue-1", "lib/firmware", "usr/bin/x",
        "boot/System.map-5.1", "lib/modules/5.1/build",
    ]) func `other files are none`(path: String) { #expect(DriverFile(FilePath(path)) == nil) }
}
