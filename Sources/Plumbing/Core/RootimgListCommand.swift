internal import ArgumentParser
internal import CommandShell
internal import Digests
internal import RootImage
internal import Support
internal import SystemPackage

struct RootimgListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rootimg-list", abstract: "List a tree with owners, modes and digests.")

    @Flag(name: .customShort("z"), help: "End records with NUL: the form whose SHA-256 is the tree digest.") var isNULSeparated = false
    @Flag(help: "Print JSON.") var json = false
    @Flag(help: "Print only the tree digest.") var digest = false
    @Argument(help: "The tree.", completion: .directory) var tree: String

    private struct Entry: Encodable {
        var path: JSONName
        var type: String
        var mode: String
        var uid: UInt32
        var gid: UInt32
        var size: String
        var linkTarget: JSONName?
        var attributes: String?
        var digest: String?
    }

    func validate() throws {
        guard [json, isNULSeparated, digest].count(where: { $0 }) < 2 else {
            throw ValidationError("-z, --json and --digest exclude each other")
        }
    }

    func run() throws {
        let listing = try TreeListing(FilePath(tree))
        if digest {
            try Console.print(listing.digest.description)
        } else if json {
            try Console.write(JSONText.document("entries", listing.records.map(Self.entry)))
        } else {
            try Console.records(listing.records.map(\.bytes), isNULSeparated: isNULSeparated)
        }
    }

    private static func entry(_ record: TreeListing.Record) -> Entry {
        Entry(
            path: JSONName(record.path.bytes), type: String(record.type), mode: String(record.permissions, radix: 8), uid: record.owner,
            gid: record.group, size: record.size, linkTarget: record.type == "l" ? JSONName(record.linkTarget) : nil,
            attributes: record.attributes.isEmpty ? nil : String(decoding: record.attributes, as: UTF8.self),
            digest: record.digest.isEmpty ? nil : record.digest)
    }
}
