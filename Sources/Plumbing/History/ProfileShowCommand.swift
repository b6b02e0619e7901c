internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import History
internal import Support
internal import SystemPackage

struct ProfileShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile-show", abstract: "Print what the history holds of an image.")

    @Option(help: "At this revision; the newest of the image unless given.") var at: String?
    @Flag(name: .customShort("z"), help: "End records with NUL.") var nul = false
    @Flag(help: "Print JSON.") var json = false
    @Option(
        name: .shortAndLong, help: "Write the bytes of FILE here, whole or not at all, instead of printing them.",
        completion: .file())
    var output: String?
    @Argument(help: "The osimage.") var osimage: String
    @Argument(help: "stanza, packages, files, digests, build.json, or a file of the recipe.") var file: String?

    func validate() throws {
        if output != nil, file == nil { throw ValidationError("--output needs a FILE to write") }
    }

    func run() throws {
        let history = try HistoryRepository.ofSite(try Cluster.open())
        let snapshot = try history.snapshot(osimage, at ?? osimage)
        guard let file else { return try list(snapshot) }
        let results = BuildRecord.names.map(\.printable)
        let bytes =
            file == "stanza"
            ? snapshot.stanza
            : results.contains(file) ? try snapshot.result(FilePath(file)) : try snapshot.bytes(of: FilePath(file))
        guard let bytes else {
            throw CommandFailure(
                [Diagnostic("not kept in this revision", subject: file, remedy: "see profile-show \(osimage)")],
                status: 1)
        }
        guard let output else { return try Console.write(bytes) }
        let target = FilePath(output)
        if target.components.count > 1 { try target.removingLastComponent().createDirectories() }
        try AtomicFile.write(bytes, to: target)
    }

    private struct Record: Encodable {
        var commit: String
        var name: String
        var attributes: [AttributeRecord]
        var files: [FileRecord]
        var digests: [DigestRecord]
    }
    private struct AttributeRecord: Encodable {
        var name: String
        var value: String
    }
    private struct FileRecord: Encodable {
        var path: JSONName
        var status: String
        var digest: String?
    }
    private struct DigestRecord: Encodable {
        var name: String
        var digest: String
    }

    private func list(_ snapshot: ImageSnapshot) throws {
        let files = snapshot.files.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
        if json {
            let digests = try snapshot.result("digests") ?? []
            let record = Record(
                commit: snapshot.commit?.id.description ?? "", name: osimage,
                attributes: snapshot.attributes.sorted { $0.key < $1.key }.map {
                    AttributeRecord(name: $0.key, value: $0.value)
                },
                files: files.map {
                    FileRecord(
                        path: JSONName($0.key.bytes), status: $0.value.status, digest: $0.value.digest)
                },
                digests: digests.split(separator: 0x0a).map { line in
                    let fields = line.split(separator: 0x09).map { String(decoding: $0, as: UTF8.self) }
                    return DigestRecord(name: fields.first ?? "", digest: fields.last ?? "")
                })
            return try Console.write(JSONText.document("osimages", [record]))
        }
        try Console.records(
            files.map { path, file in
                Array("\(file.status)\t\(file.digest ?? "-")\t".utf8)
                    + (nul ? path.bytes : Array(Diagnostic.escaped(path.printable, keepingNewlines: false).utf8))
            }, isNULSeparated: nul)
    }
}
