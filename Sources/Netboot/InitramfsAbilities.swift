internal import Digests
internal import FoundationEssentials
internal import Support
public import SystemPackage

/// What the initramfs of an image can unpack, as initrd-build records it in `<rootimgdir>/.initrd.json`.
///
/// An image without xz cannot unpack rootimg.cpio.xz: the node would say so on its console, too late.
public enum InitramfsAbilities {
    public static let recordName: FilePath = ".initrd.json"

    private struct Document: Decodable {
        struct Initramfs: Decodable {
            var digest: String
            var tools: [String]
        }
        var initramfs: [Initramfs]
        var version: Int
    }

    /// - Throws: `NetbootError.cannotUnpack` when the record is about this very initramfs and lacks a tool. Without a record,
    ///   or with one of another initramfs, nothing is known and nothing is refused.
    static func check(_ set: ImageSet, in rootimgFolder: FilePath) throws {
        guard let bytes = try? rootimgFolder.joined(recordName).readBytes(limit: 1 << 20),
            let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)), document.version == 1,
            let record = document.initramfs.first(where: { Digest($0.digest) == set.initramfs.digest })
        else { return }
        let missing = tools(for: set.root.name).filter { !record.tools.contains($0) }
        guard missing.isEmpty else { throw NetbootError.cannotUnpack(root: set.root.name, tools: missing) }
    }

    /// The programs (and drivers) that unpack a root of this name.
    static func tools(for rootName: String) -> [String] {
        if rootName == "rootimg.sfs" { return ["squashfs", "overlay", "loop"] }
        let compressors = ["gz": "gzip", "xz": "xz", "zst": "zstd"]
        let parts = rootName.split(separator: ".").map(String.init)
        return [parts.contains("tar") ? "tar" : "cpio", parts.last.flatMap { compressors[$0] } ?? "gzip"]
    }
}
