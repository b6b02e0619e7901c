import Archive
import Bundles
import Support
import SystemPackage
import TestSupport
import Testing

/// Damaged manifests and archives: whatever the bytes, the answer is a result or an error, never a trap.
@Suite(.scratchDirectory) struct FuzzTests {
    /// Numbers that are the same on every run (splitmix64).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }

    private static func damaged(_ bytes: [UInt8], _ numbers: inout Numbers, _ words: [String]) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...6, using: &numbers) where !result.isEmpty {
            let place = Int.random(in: 0..<result.count, using: &numbers)
            switch Int.random(in: 0..<5, using: &numbers) {
            case 0: result[place] = UInt8.random(in: 0...255, using: &numbers)
            case 1: result[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
            case 2: result.removeSubrange(place..<min(result.count, place + Int.random(in: 1...40, using: &numbers)))
            case 3:
                let other = Int.random(in: 0..<result.count, using: &numbers)
                result.insert(contentsOf: result[min(place, other)..<max(place, other)].prefix(600), at: place)
            default: result.insert(contentsOf: (words.randomElement(using: &numbers) ?? "").utf8, at: place)
            }
        }
        return result
    }

    @Test func `20000 damaged manifests`() {
        var numbers = Numbers(state: 1)
        let seeds = ["netboot-extra-postscripts", "install", "statelite"].compactMap {
            try? GoldenRecord.folder.joined("imgexport/\($0)/manifest.xml").readBytes()
        }
        #expect(seeds.count == 3)
        let words = [
            "<", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "&#x", "&amp;", "<!DOCTYPE", "<?xml", "=\"", "\u{0}",
        ]
        var accepted = 0
        for number in 0..<20_000 {
            let bytes = Self.damaged(seeds[number % seeds.count], &numbers, words)
            do {
                let manifest = try BundleManifest(xml: bytes)
                // What is accepted can be written and read back as it is.
                let again = try BundleManifest(xml: manifest.xml)
                #expect(again.osimage == manifest.osimage || manifest.dialect == .flat)
                accepted += 1
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
        #expect(accepted > 100 && accepted < 19_900)
    }

    private static let seed = TarMaker.bundle {
        $0.file("./img/kernel", "kernel")
        $0.file("./img/" + String(repeating: "n", count: 150), "long")
        $0.folder("./img/extra/a")
        $0.link("./img/extra/a/b", to: "c")
        $0.hardLink("./img/extra/a/d", to: "./img/kernel")
    }

    private func inspect(_ bytes: [UInt8]) throws {
        let unpacker = BundleUnpacker(
            limits: BundleLimits(size: 1 << 20), verifier: SignatureVerifier(.none, allowedSigners: nil))
        let file = Scratch.directory.joined("bundle.tar")
        let descriptor = try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite)
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
        do {
            for content in try unpacker.inspect(file).contents {
                for member in content.members {
                    #expect(!member.name.contains(0x0a) && member.name.first != 0x2f)
                }
            }
        } catch {
            #expect(error is any Diagnosable, "\(error)")
        }
    }

    @Test func `5000 damaged archives`() throws {
        var numbers = Numbers(state: 2)
        let words = ["../", "/", "\u{0}", "7777777", "ustar", "./img/kernel", "30 path=../x\n"]
        for _ in 0..<5_000 { try inspect(Self.damaged(Self.seed, &numbers, words)) }
    }

    @Test func `1000 archives with numbers in the binary form of GNU tar`() throws {
        var numbers = Numbers(state: 3)
        var maker = TarMaker()
        maker.raw(Array(Self.seed.dropLast(1024)))
        maker.special("./img/sda", .blockDevice)
        let whole = maker.ended
        let headers = stride(from: 0, to: whole.count, by: 512).filter {
            whole[($0 + 257)..<($0 + 262)].elementsEqual("ustar".utf8)
        }
        let fields = [(100, 8), (108, 8), (116, 8), (124, 12), (136, 12), (329, 8), (337, 8)]
        for _ in 0..<1_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                guard let start = headers.randomElement(using: &numbers),
                    let field = fields.randomElement(using: &numbers)
                else { continue }
                let number = numbers.next() >> UInt64.random(in: 0..<64, using: &numbers)
                TarMaker.putWide(number, at: field.0, length: field.1, header: start, in: &bytes)
            }
            try inspect(bytes)
        }
    }
}
