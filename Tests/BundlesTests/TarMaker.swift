import Archive
import Support
import SystemPackage
import TestSupport

/// Writes archives member by member, also such as no honest program writes.
struct TarMaker {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ member: ArchiveMember, _ data: [UInt8] = []) {
        var member = member
        if member.kind == .regular, member.hardLink == nil, member.size == 0 { member.size = UInt64(data.count) }
        // Names and sizes here fit every header.
        bytes += (try? ArchiveFormat.tar.header(of: member)) ?? []
        bytes += data + [UInt8](repeating: 0, count: ArchiveFormat.tar.padding(after: UInt64(data.count)))
    }

    mutating func file(_ name: String, _ text: String = "x", mode: UInt32 = 0o644) {
        add(ArchiveMember(path: Array(name.utf8), kind: .regular, permissions: mode), Array(text.utf8))
    }

    mutating func folder(_ name: String, mode: UInt32 = 0o755) {
        add(ArchiveMember(path: Array(name.utf8), kind: .directory, permissions: mode))
    }

    mutating func link(_ name: String, to target: String) {
        var member = ArchiveMember(path: Array(name.utf8), kind: .symbolicLink, permissions: 0o777)
        member.linkTarget = Array(target.utf8)
        add(member)
    }

    mutating func hardLink(_ name: String, to target: String) {
        var member = ArchiveMember(path: Array(name.utf8), kind: .regular)
        member.hardLink = Array(target.utf8)
        add(member)
    }

    mutating func special(_ name: String, _ kind: FileStatus.Kind) {
        var member = ArchiveMember(path: Array(name.utf8), kind: kind)
        member.device = ArchiveMember.Device(major: 1, minor: 3)
        add(member)
    }

    mutating func raw(_ more: [UInt8]) { bytes += more }

    /// Puts a number into a field of the header at `start`, in the binary form of GNU tar, and its checksum right.
    static func putWide(_ number: UInt64, at offset: Int, length: Int, header start: Int, in bytes: inout [UInt8]) {
        for index in 0..<length {
            let shift = UInt64(8 * (length - 1 - index))
            bytes[start + offset + index] = index == 0 ? 0x80 : UInt8(truncatingIfNeeded: number >> shift)
        }
        seal(&bytes, header: start)
    }

    /// Puts the checksum of the header at `start` right.
    static func seal(_ bytes: inout [UInt8], header start: Int = 0) {
        let field = (start + 148)..<(start + 156)
        bytes.replaceSubrange(field, with: [UInt8](repeating: 0x20, count: 8))
        let sum = bytes[start..<(start + 512)].reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        let text = String(repeating: "0", count: 6 - digits.count) + digits
        bytes.replaceSubrange(field, with: Array(text.utf8) + [0, 0x20])
    }

    /// The archive with its end mark.
    var ended: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    /// An archive that begins like a good bundle.
    static func bundle(_ change: (inout TarMaker) -> Void) -> [UInt8] {
        var maker = TarMaker()
        maker.folder("./img")
        maker.file("./img/manifest.xml", manifest)
        change(&maker)
        return maker.ended
    }

    static let manifest = """
        <?xml version="1.0"?>
        <xcatimage>
          <osimage><imagename>img</imagename></osimage>
        </xcatimage>

        """
}
