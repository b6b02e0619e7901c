internal import CommandShell
internal import Definitions
internal import Digests
internal import Netboot
internal import Settings
internal import Support
internal import SystemPackage

/// What nodes get of an image.
enum PublishedSet {
    /// The options of `image-publish` that say where an image is; nil when it has no rootimgdir.
    static func words(_ image: Osimage, _ cluster: Cluster) throws -> [Word]? {
        guard let folder = try image.rootimgdir(cluster) else { return nil }
        return [
            "--rootimgdir", Word(try cluster.settings.host(folder)), "--tftpdir",
            Word(try cluster.settings.host(cluster.tftpFolder)),
        ]
    }

    /// The digest of the published set; nil when nothing is published.
    static func current(of image: Osimage, _ cluster: Cluster) throws -> String? {
        let folder = ImageBootFile.folder(of: image.name, tftpFolder: try cluster.settings.host(cluster.tftpFolder))
        return try ImageBootFile.currentDigest(in: folder)?.description
    }

    struct Kept: Decodable {
        var digest: String
        var isCurrent: Bool
        var publishedAt: String
    }

    private struct Answer: Decodable {
        var sets: [Kept]
    }

    /// The sets that are kept, the one that nodes get first, then by age, newest first.
    static func all(of image: Osimage, _ cluster: Cluster) throws -> [Kept] {
        guard let words = try words(image, cluster) else { return [] }
        let printed = try Step("image-publish", words + ["--list", "--json", Word(image.name)]).captured()
        return try JSONText.decode(Answer.self, printed.output).sets.sorted {
            ($0.isCurrent ? 1 : 0, $0.publishedAt) > ($1.isCurrent ? 1 : 0, $1.publishedAt)
        }
    }

    /// When the published set was published last; nil when nothing is.
    static func time(of image: Osimage, _ cluster: Cluster) throws -> String? {
        try all(of: image, cluster).first(where: \.isCurrent)?.publishedAt
    }
}
