internal import Digests
internal import Netboot
internal import Support
internal import SystemPackage

/// `build.json` of a build record: what was built, without times.
///
/// rootimg-finish begins it, image-publish adds the members of the set.
struct BuildFacts: Codable {
    struct Member: Codable {
        var name: String
        var sha256: String
        var size: Int64
    }

    /// Words that the osimage adds to the kernel command lines of its nodes.
    var commandLine: String?
    /// Version of the kernel.
    var kernel: String?
    /// Commit of the recipe that the tree was made from.
    var treeRecipe: String?
    var members: [Member]?

    private static let fileName: FilePath = "build.json"

    /// What is there already; nothing when there is no such file.
    static func read(in record: FilePath) throws -> BuildFacts {
        struct Document: Decodable { var builds: [BuildFacts] }
        let file = record.joined(fileName)
        guard file.exists else { return BuildFacts() }
        return try JSONText.decode(Document.self, file.readBytes(limit: 1 << 20)).builds.first ?? BuildFacts()
    }

    func write(to record: FilePath) throws {
        try AtomicFile.write(JSONText.document("builds", [self]), to: record.joined(Self.fileName))
    }

    /// The same with the members of a set.
    func with(_ set: ImageSet) -> BuildFacts {
        var copy = self
        copy.members = set.members.map {
            Member(name: $0.name, sha256: $0.digest.description, size: $0.sizeInBytes)
        }
        return copy
    }
}
