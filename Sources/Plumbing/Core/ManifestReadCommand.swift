internal import ArgumentParser
internal import Bundles
internal import CommandShell
internal import Support
internal import SystemPackage

struct ManifestReadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest-read", abstract: "Show what a manifest or a bundle holds, without unpacking it.")

    @OptionGroup var reading: BundleReading
    @Flag(name: .customShort("z"), help: "Separate printed records by NUL.") var nul = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "manifest.xml, or a bundle.", completion: .file()) var path: String

    func validate() throws {
        guard !(nul && json) else { throw ValidationError("-z and --json exclude each other") }
    }

    func run() throws {
        let records = try self.records()
        if json { return try Console.write(JSONText.document(BundleRecord.noun, records)) }
        try Console.records(records.flatMap(lines), isNULSeparated: nul)
    }

    private func records() throws -> [BundleRecord] {
        let file = FilePath(path).absolute
        let head = try FileError.wrap("open", file) {
            try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
        }
        let beginning: [UInt8] = try head.closeAfter {
            var bytes = [UInt8](repeating: 0, count: 512)
            let count = try bytes.withUnsafeMutableBytes { try head.read(into: $0) }
            return Array(bytes[..<count])
        }
        // XML begins with `<`, after a byte order mark or white space.
        if beginning.first(where: { ![0xef, 0xbb, 0xbf, 0x20, 0x09, 0x0a, 0x0d].contains($0) }) == UInt8(ascii: "<"),
            beginning.count < 262 || !beginning[257..<262].elementsEqual("ustar".utf8)
        {
            let manifest = try BundleManifest(xml: try file.readBytes(limit: XMLReader.sizeLimit))
            return [BundleRecord(BundleContent(folder: [], hasManifest: true), manifest: manifest)]
        }
        let (contents, texts) = try reading.unpacker.inspect(file)
        return try contents.map { content in
            guard content.hasManifest else { throw BundleError.noManifest }
            let name = (content.folder.isEmpty ? [] : content.folder + [0x2f]) + Array("manifest.xml".utf8)
            return BundleRecord(content, manifest: try BundleManifest(xml: texts[name] ?? []))
        }
    }

    /// `IMAGE TAB PART TAB NAME TAB VALUE`, sorted.
    private func lines(_ record: BundleRecord) -> [[UInt8]] {
        guard let manifest = record.manifest else { return [] }
        var fields: [(String, String, String)] = []
        for (name, value) in manifest.osimage { fields.append(("osimage", name, value)) }
        for (name, value) in manifest.linuximage { fields.append(("linuximage", name, value)) }
        for (part, key, rows) in [
            ("kit", "kitname", manifest.kits), ("kitrepo", "kitreponame", manifest.kitrepos),
            ("kitcomp", "kitcompname", manifest.kitcomps),
        ] {
            for row in rows {
                for (name, value) in row { fields.append((part, "\(row[key] ?? "").\(name)", value)) }
            }
        }
        for extra in manifest.extras { fields.append(("extra", extra.src, extra.dest)) }
        for file in manifest.rawimagefiles { fields.append(("file", "rawimagefiles", file)) }
        let files = [
            ("kernel", manifest.kernel), ("ramdisk", manifest.ramdisk), ("rootimg", manifest.rootimg),
            ("rootimgtree", manifest.rootimgtree), ("litefile", manifest.litefile),
        ]
        for (name, value) in files { if let value { fields.append(("file", name, value)) } }
        let texts = [
            ("media", manifest.media), ("postscripts", manifest.postscripts),
            ("postbootscripts", manifest.postbootscripts),
        ]
        for (name, value) in texts { if let value { fields.append(("bundle", name, value)) } }
        return fields.map { part, name, value in
            Array("\(manifest.imagename)\t\(part)\t\(name)\t\(value.replacing("\n", with: " "))".utf8)
        }.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
