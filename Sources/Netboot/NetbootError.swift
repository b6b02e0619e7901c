public import Digests
public import Support
public import SystemPackage

/// Why a boot file or a set could not be made.
public enum NetbootError: Diagnosable, Equatable {
    case badNodeName(String)
    case badImageName(String)
    case controlCharacter(node: String, text: String)
    case damagedBootFile(FilePath)
    case damagedRecord(FilePath)
    case noKernel(FilePath)
    case noInitramfs(FilePath)
    case noPackedRoot(FilePath)
    case severalPackedRoots(FilePath, [String])
    case unknownRootName(FilePath)
    case emptyMember(FilePath)
    case notKept(Digest, image: String)
    case ambiguousDigest(String)
    case notADigest(String)
    case damagedSet(Digest, FilePath)
    case cannotUnpack(root: String, tools: [String])

    public var diagnostic: Diagnostic {
        switch self {
        case .badNodeName(let name):
            Diagnostic("not a node name", subject: name, remedy: "use letters, digits, '-' and '.'")
        case .badImageName(let name):
            Diagnostic("not an osimage name", subject: name, remedy: "use letters, digits, '-', '_' and '.'")
        case .controlCharacter(let node, let text):
            Diagnostic("control character in the boot line of \(node)", subject: text, remedy: "correct the attribute")
        case .damagedBootFile(let path):
            Diagnostic("boot file names no set", subject: path.printable, remedy: "publish again: packimage IMAGE")
        case .damagedRecord(let path):
            Diagnostic("record of a kept set is damaged", subject: path.printable, remedy: "remove its folder")
        case .noKernel(let path):
            Diagnostic("kernel not found", subject: path.printable, remedy: "run genimage before packimage")
        case .noInitramfs(let path):
            Diagnostic("initramfs not found", subject: path.printable, remedy: "run genimage, or initrd-build")
        case .noPackedRoot(let path):
            Diagnostic("no packed root image", subject: path.printable, remedy: "run packimage")
        case .severalPackedRoots(let path, let names):
            Diagnostic(
                "several packed root images: \(names.joined(separator: ", "))", subject: path.printable,
                remedy: "name one with --stage")
        case .unknownRootName(let path):
            Diagnostic(
                "not the name of a packed root image", subject: path.printable,
                remedy: "one of \(ImageSet.rootNames.joined(separator: ", "))")
        case .emptyMember(let path):
            Diagnostic("file is empty or not a regular file", subject: path.printable, remedy: "make it again")
        case .notKept(let digest, let image):
            Diagnostic(
                "no such set is kept", subject: digest.description, remedy: "see image-publish \(image) --list")
        case .ambiguousDigest(let text):
            Diagnostic("several kept sets begin with", subject: text, remedy: "give more digits")
        case .notADigest(let text):
            Diagnostic("not a digest", subject: text, remedy: "sha256: and 64 hex digits, or at least the first 8 of them")
        case .damagedSet(let digest, let path):
            Diagnostic(
                "kept set \(digest) is damaged", subject: path.printable,
                remedy: "publish another set, then remove this one's folder")
        case .cannotUnpack(let root, let tools):
            Diagnostic(
                "the initramfs cannot unpack this root image: it has no \(tools.joined(separator: ", no "))", subject: root,
                remedy: "add that to the package list and run genimage, or choose another packimage -m or -c")
        }
    }
}
