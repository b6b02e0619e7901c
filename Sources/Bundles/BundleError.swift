public import Support
public import SystemPackage

/// Why a bundle, its manifest or its signature is not accepted.
public enum BundleError: Diagnosable, Equatable {
    /// What a member of a hostile or damaged archive does.
    public enum Refusal: String, Sendable, CaseIterable {
        case escapes = "has '..' in its name"
        case absolute = "has an absolute name"
        case emptyName = "has no name"
        case control = "has control characters in its name"
        case tooLong = "has a name that is too long"
        case special = "is a device node, pipe or socket"
        case duplicate = "is there twice"
        case notInFolder = "lies below something that is no folder"
        case setID = "has set-user-ID or set-group-ID"
        case linkEscapes = "is a link that leads out of its folder"
        case linkOutsideExtra = "is a symbolic link outside extra/"
        case linkToNothing = "is a hard link to what is not in the bundle before it"
        case hardLinked = "must be a file of its own, not a hard link"
        case sparse = "is a sparse file"
        case reserved = "has a name of Catboat that it must not have"
    }

    case badXML(String, line: Int)
    /// Something that a manifest must not hold.
    case badManifest(String, subject: String)
    case badIndex(String, subject: String)
    case refused(Refusal, member: [UInt8])
    case tooManyMembers(limit: Int)
    /// More bytes than a bundle of this size, or the file system, may hold.
    case tooLarge(member: [UInt8], limit: UInt64)
    case noSpace(member: [UInt8], available: UInt64)
    case noManifest
    /// Of a bundle on standard input nobody knows what it may unpack to.
    case unknownSize
    /// xz reads files only.
    case compressedStream
    /// Compressed with bzip2, which bundles are not.
    case bzip2(FilePath)
    /// Of a bundle whose index tells digests.
    case differs(member: [UInt8])
    case missing(member: [UInt8])
    case unlisted(member: [UInt8])
    case unsigned(image: String)
    case badSignature(image: String, what: String)
    case wrongSigner(image: String, allowed: FilePath)
    case noSigners(FilePath)
    case notAFile(FilePath)
    case changed(FilePath)
    case badHost(String)
    case occupied(FilePath)
    /// A plan that does not hold any more.
    case conflict(String, path: FilePath)
    case badPlan(String)
    /// Files and rows are in place, but what follows them could not be done.
    case unfinished(images: [String], journal: FilePath)

    public var diagnostic: Diagnostic {
        switch self {
        case .badXML(let what, let line):
            Diagnostic("manifest is no valid XML", subject: "line \(line)", remedy: what)
        case .badManifest(let what, let subject):
            Diagnostic("manifest is refused", subject: subject, remedy: what)
        case .badIndex(let what, let subject):
            Diagnostic("index of the bundle is refused", subject: subject, remedy: what)
        case .refused(let refusal, let member):
            Diagnostic("bundle is refused", subject: Self.text(member), remedy: "this member \(refusal.rawValue)")
        case .tooManyMembers(let limit):
            Diagnostic("bundle is refused", remedy: "it has more than \(limit) members")
        case .tooLarge(let member, let limit):
            Diagnostic(
                "bundle is refused", subject: Self.text(member),
                remedy: "it would unpack to more than \(limit) bytes; allow more with --max-size if you trust it")
        case .noSpace(let member, let available):
            Diagnostic(
                "no space left on the device", subject: Self.text(member),
                remedy: "\(available) bytes are free there: free some")
        case .unknownSize:
            Diagnostic("size of a bundle on standard input is not known", remedy: "give --max-size BYTES")
        case .compressedStream:
            Diagnostic(
                "bundle on standard input is compressed with xz", remedy: "give a file, or pipe it through xz -dc")
        case .bzip2(let path):
            Diagnostic(
                "bundle is compressed with bzip2, not with gzip, xz or zstd", subject: path.printable,
                remedy: "unpack it with bzip2 -d first")
        case .noManifest:
            Diagnostic("bundle has no manifest.xml", remedy: "make bundles with imgexport")
        case .differs(let member):
            Diagnostic("member differs from what was exported", subject: Self.text(member), remedy: again)
        case .missing(let member):
            Diagnostic("member is missing", subject: Self.text(member), remedy: again)
        case .unlisted(let member):
            Diagnostic("member is not one of those exported", subject: Self.text(member), remedy: again)
        case .unsigned(let image):
            Diagnostic("bundle is not signed", subject: image, remedy: "export it with --sign KEY")
        case .badSignature(let image, let what):
            Diagnostic("signature is not valid", subject: image, remedy: what)
        case .wrongSigner(let image, let allowed):
            Diagnostic(
                "bundle is signed by someone who is not allowed to", subject: image,
                remedy: "add the key to \(allowed.printable) if you trust it, see ssh-keygen(1)")
        case .noSigners(let path):
            Diagnostic(
                "no list of allowed signers", subject: path.printable, remedy: "make one, see imgimport(1)")
        case .notAFile(let path):
            Diagnostic("not a file that a bundle can hold", subject: path.printable, remedy: "leave it out")
        case .changed(let path):
            Diagnostic("file changed while it was packed", subject: path.printable, remedy: "export again")
        case .badHost(let host): Diagnostic("not a host", subject: host, remedy: "give HOST or USER@HOST")
        case .occupied(let path):
            Diagnostic("folder is there already", subject: path.printable, remedy: "remove it, or name another")
        case .conflict(let what, let path):
            Diagnostic(what, subject: path.printable, remedy: "import again")
        case .badPlan(let what):
            Diagnostic("plan is refused", remedy: what)
        case .unfinished(let images, let journal):
            Diagnostic(
                "the import stands, but it could not be published or recorded", subject: images.joined(separator: ", "),
                remedy: "see what it says above, then run catboat bundle-install --recover \(journal.printable)")
        }
    }

    private var again: String { "get the bundle again from where it comes from" }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
