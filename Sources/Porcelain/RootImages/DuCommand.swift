internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import SystemPackage

struct DuCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "du", abstract: "Show what osimages occupy on the disk.")

    @Option(help: "A folder with bundles; instead of bundle.folder.", completion: .directory) var bundles: [String] = []
    @Flag(help: "Print JSON.") var json = false
    @Argument(
        help: "Only these osimages.", completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var osimage: [String] = []

    private struct Record: Encodable {
        var name: String
        var total: Int64
        var unshared: Int64
        var parts: [ImageUsage.Part]
    }

    func run() throws {
        let cluster = try Cluster.open()
        let names = try osimage.isEmpty ? cluster.osimageNames() : osimage
        let images = try names.map { try cluster.osimage($0) }
        let found = try BundleFolders(bundles, cluster).bundles()
        let counted = InodeSet()
        var records: [Record] = []
        for image in images {
            let usage = try ImageUsage(image, cluster, bundles: found[image.name] ?? [], counted)
            guard !usage.parts.isEmpty || !osimage.isEmpty else { continue }
            records.append(
                Record(
                    name: image.name, total: usage.parts.reduce(0) { $0 + $1.bytes }, unshared: usage.unshared,
                    parts: usage.parts))
        }
        if json { return try Console.write(JSONText.document("osimages", records)) }
        for record in records { try describe(record) }
        if records.count > 1 {
            let sum = records.reduce(0) { $0 + $1.unshared }
            let shared = records.reduce(0) { $0 + $1.total } - sum
            let note = shared > 0 ? ", what images share counted once" : ""
            try Console.print("total: \(ByteCount.text(sum))\(note)")
        }
        if records.isEmpty { Console.note("No osimage has anything on the disk.") }
    }

    private func describe(_ record: Record) throws {
        try Console.print("\(record.name): \(ByteCount.text(record.total))")
        for part in record.parts {
            let size = ByteCount.text(part.bytes)
            let indent = String(repeating: " ", count: max(0, 10 - size.count))
            let mark = part.isCurrent == true ? "  (nodes get it)" : ""
            try Console.print("  \(indent)\(size)  \(part.kind.rawValue.padding(to: 7)) \(part.name.shown)\(mark)")
        }
    }
}
