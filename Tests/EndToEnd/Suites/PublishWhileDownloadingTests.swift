import Digests
import Support
import SystemPackage
import Synchronization
import TestSupport
import Testing

/// Nodes download at any moment, also in the middle of a publish.
@Suite(.scratchDirectory) struct PublishWhileDownloadingTests {
    private var folder: FilePath { Scratch.directory.joined("site/install/netboot/d/x/c") }

    private func write(_ text: String, sizeInBytes: Int, to path: FilePath) throws {
        try path.removingLastComponent().createDirectories()
        let line = Array((text + "\n").utf8)
        try AtomicFile.write((0..<sizeInBytes).lazy.map { line[$0 % line.count] }, to: path)
    }

    private func publish(_ text: String) throws -> Catboat.Result {
        try write("kernel \(text)", sizeInBytes: 200_000, to: folder.joined("kernel"))
        try write("initramfs \(text)", sizeInBytes: 700_000, to: folder.joined("initrd-stateless.gz"))
        let root = folder.joined(".root.tmp-1/rootimg.cpio.gz")
        try write("root \(text)", sizeInBytes: 3_000_000, to: root)
        return try Catboat(root: Scratch.directory.joined("site"))(
            "image-publish", "img", "--rootimgdir", Word(folder), "--stage", Word(root), "--keep", "3")
    }

    @Test func `no download is short, mixed or missing`() async throws {
        #expect(try publish("0").status == 0)
        let server = try WebServer(root: Scratch.directory.joined("site"), folder: Scratch.directory)
        let base = "http://127.0.0.1:\(server.port)"
        let end = End()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask { [self] in
                    var boots = 0
                    while !end.isReached || boots < 3 {
                        try Download(base).boot()
                        try Download(base).stableName(folder)
                        boots += 1
                    }
                    return boots
                }
            }
            for number in 1...12 {
                let result = try publish("\(number % 5)")
                #expect(result.status == 0, "\(result.stderr)")
            }
            end.reach()
            let boots = try await group.reduce(0, +)
            #expect(boots >= 6)
        }
        #expect(!server.requests.contains { $0.contains("\" 404 ") })
    }
}

/// Tells the downloading tasks that nothing more will be published.
private final class End: Sendable {
    private let reached = Atomic(false)

    var isReached: Bool { reached.load(ordering: .relaxed) }
    func reach() { reached.store(true, ordering: .relaxed) }
}

/// What a booting node does, by curl.
private struct Download {
    private let base: String

    init(_ base: String) { self.base = base }

    private func get(_ path: String) throws -> [UInt8] {
        try Tool("curl", ["--fail", "--silent", "--show-error", Word(base + path)]).output().output
    }

    /// Reads the image's boot file, then the three files that it names; all must belong to one set.
    func boot() throws {
        let script = String(decoding: try get("/tftpboot/xcat/osimage/img/boot.ipxe"), as: UTF8.self)
        let paths = script.split { $0 == " " || $0 == "\n" }.compactMap { word -> String? in
            guard let brace = word.firstIndex(of: "}"), word.contains("/.packed/") else { return nil }
            return String(word[word.index(after: brace)...])
        }
        try #require(paths.count == 3, "\(script)")
        let texts = try paths.map { path in String(decoding: try get(path), as: UTF8.self) }
        let sizes = texts.map(\.utf8.count)
        #expect(sizes == [200_000, 3_000_000, 700_000])
        let marks = Set(texts.map { $0.prefix { $0 != "\n" }.split(separator: " ").last })
        #expect(marks.count == 1, "kernel, root and initramfs are of different sets: \(marks)")
        let wanted = script.split(separator: "imgsum=")[1].prefix { $0 != " " }
        #expect(Digest.of(texts[1].utf8).description == wanted)
    }

    /// The name that kernel lines of xCAT use: whole, whichever set it is.
    func stableName(_ folder: FilePath) throws {
        let bytes = try get("/install/netboot/d/x/c/rootimg.cpio.gz")
        #expect(bytes.count == 3_000_000)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(Set(text.split(separator: "\n").dropLast()).count == 1)
    }
}
