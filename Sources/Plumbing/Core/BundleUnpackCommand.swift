internal import ArgumentParser
internal import Bundles
internal import CommandShell
internal import Support
internal import SystemPackage

struct BundleUnpackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle-unpack", abstract: "Unpack a bundle into a new folder and verify it.")

    @OptionGroup var reading: BundleReading
    @OptionGroup var place: RemotePlace
    @Flag(name: .customShort("z"), help: "Separate printed records by NUL.") var nul = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "Bundle.", completion: .file()) var bundle: String
    @Argument(help: "Folder to make.", completion: .directory) var folder: String

    func validate() throws {
        guard !(nul && json) else { throw ValidationError("-z and --json exclude each other") }
    }

    func run() throws {
        let records = try contents().map { BundleRecord($0) }
        if json { return try Console.write(JSONText.document(BundleRecord.noun, records)) }
        try Console.records(
            records.flatMap { record in
                record.members.map { member in
                    Array("\(member.sha256 ?? "-")\t\(member.size)\t\(member.mode)\t".utf8)
                        + (record.folder.bytes.isEmpty ? [] : record.folder.bytes + [0x2f]) + member.name.bytes
                }
            }, isNULSeparated: nul)
    }

    private func contents() throws -> [BundleContent] {
        let target = FilePath(folder).absolute
        guard let remote = try place.bundle(bundle) else {
            return try reading.unpacker.unpack(FilePath(bundle), into: target)
        }
        let folder = try place.folder("bundle-unpack")
        defer { withExtendedLifetime(folder) {} }
        let file = folder.reserve("bundle")
        guard try remote.fetch(to: file) else {
            throw CommandFailure(
                [Diagnostic("bundle was not fetched", subject: bundle, remedy: "see what scp says above")], status: 1)
        }
        return try reading.unpacker.unpack(file, into: target)
    }
}
