internal import Digests
internal import FoundationEssentials
internal import Support
internal import SystemPackage

/// `set.json` of a kept set: names, digests and sizes of its members.
struct SetRecord {
    private struct Member: Codable {
        var name: String
        var digest: String
        var size: Int64

        init(_ member: ImageSet.Member) {
            name = member.name
            digest = member.digest.description
            size = member.sizeInBytes
        }

        /// nil when the record was tampered with.
        var member: ImageSet.Member? {
            guard isFileName(name), size >= 0, let digest = Digest(digest) else { return nil }
            return ImageSet.Member(name: name, digest: digest, sizeInBytes: size)
        }
    }

    private struct Members: Codable {
        var digest: String
        var kernel: Member
        var initramfs: Member
        var root: Member
    }

    private struct Document: Codable {
        var sets: [Members]
        var version: Int
    }

    var set: ImageSet

    init(_ set: ImageSet) { self.set = set }

    var bytes: [UInt8] {
        JSONText.document(
            "sets",
            [
                Members(
                    digest: set.digest.description, kernel: Member(set.kernel), initramfs: Member(set.initramfs),
                    root: Member(set.root))
            ])
    }

    /// - Throws: `NetbootError.damagedRecord` also when the members do not give the digest that is recorded.
    static func read(_ path: FilePath) throws -> SetRecord {
        let bytes = try path.readBytes(limit: 1 << 20)
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)), document.version == 1,
            let members = document.sets.first, let kernel = members.kernel.member,
            let initramfs = members.initramfs.member, let root = members.root.member
        else { throw NetbootError.damagedRecord(path) }
        let set = ImageSet(kernel: kernel, initramfs: initramfs, root: root)
        guard Digest(members.digest) == set.digest else { throw NetbootError.damagedRecord(path) }
        return SetRecord(set)
    }
}
