internal import Support
public import SystemPackage

/// The file that a node's boot loader (iPXE, xCAT calls it xnba) reads first: `<tftpdir>/xcat/xnba/nodes/<node>`.
///
/// It sets what is the node's own and goes on to the boot file of the image, which names one published set. So a
/// publish switches every node with one rename and never touches this file.
public struct NodeBootFile: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
        /// Boots the published set of `image`.
        ///
        /// `loaderBase` is where the boot loader gets kernel and initramfs, `imageBase` where the initramfs gets the root
        /// image: scheme, host and port without a final slash, e.g. `http://10.1.0.1:80`.
        case netboot(image: String, loaderBase: String, imageBase: String, arguments: KernelArguments)
        /// Falls through to the next boot device of the firmware.
        case boot
    }

    public var node: String
    /// The second line without `#`; `nodeset NODE stat` shows it, e.g. `netboot debian12-x86_64-compute`.
    public var state: String
    public var action: Action

    public init(node: String, state: String, action: Action) {
        self.node = node
        self.state = state
        self.action = action
    }

    /// Variables that the boot file of an image reads.
    enum Variable {
        static let loaderBase = "catboat_loader"
        static let imageBase = "catboat_image"
        static let arguments = "catboat_arguments"
    }

    /// iPXE script for BIOS, or for UEFI, whose kernels must be told the name of the initramfs.
    public func text(forUEFI: Bool) -> String {
        var lines = ["#!gpxe", "#\(state)"]
        switch action {
        case .boot: lines.append("exit")
        case .netboot(let image, let loaderBase, let imageBase, let arguments):
            let words = arguments.words + (forUEFI ? ["initrd=initrd"] : [])
            lines += [
                "set \(Variable.loaderBase) \(loaderBase)",
                "set \(Variable.imageBase) \(imageBase)",
                "set \(Variable.arguments) \(words.joined(separator: " "))",
                "chain \(loaderBase)\(ImageBootFile.webFolder(of: image))/\(ImageBootFile.name)",
            ]
        }
        return lines.map { $0 + "\n" }.joined()
    }
}

/// The boot files of nodes below one tftpdir.
public struct NodeBootFolder: Sendable {
    public let folder: FilePath

    /// - Parameter tftpFolder: path on the host.
    public init(tftpFolder: FilePath) { folder = tftpFolder.joined("xcat/xnba/nodes") }

    /// Suffixes of the files of one node: what xCAT has for BIOS, UEFI, and two loaders we do not write for.
    static let suffixes = ["", ".uefi", ".elilo", ".pxelinux"]

    /// Writes both files of a node, each in one step, and removes those of other loaders.
    public func write(_ file: NodeBootFile) throws {
        try Self.check(file)
        try folder.createDirectories()
        try AtomicFile.write(file.text(forUEFI: true).utf8, to: folder.joined("\(file.node).uefi"))
        try AtomicFile.write(file.text(forUEFI: false).utf8, to: folder.joined(file.node))
        for suffix in Self.suffixes.dropFirst(2) { try folder.joined(file.node + suffix).removeFile() }
    }

    /// Removes all files of a node (state offline).
    public func remove(_ node: String) throws {
        try Self.check(node)
        for suffix in Self.suffixes { try folder.joined(node + suffix).removeFile() }
    }

    /// The state that the node's file records; nil without a file.
    public func state(of node: String) throws -> String? {
        try Self.check(node)
        let path = folder.joined(node)
        guard path.exists else { return nil }
        let lines = try path.readText(limit: 1 << 20).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 1, lines[1].hasPrefix("#") else { return nil }
        return String(lines[1].dropFirst())
    }

    private static func check(_ node: String) throws(NetbootError) {
        guard isFileName(node) else { throw .badNodeName(node) }
    }

    private static func check(_ file: NodeBootFile) throws(NetbootError) {
        try check(file.node)
        var texts = [file.state]
        if case .netboot(let image, let loaderBase, let imageBase, let arguments) = file.action {
            guard isFileName(image) else { throw .badImageName(image) }
            texts += [loaderBase, imageBase] + arguments.words
        }
        for text in texts where text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
            throw .controlCharacter(node: file.node, text: text)
        }
    }
}

/// Whether `name` can be one file name and one word of a boot script.
func isFileName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 240
        && name.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7f && $0 != "/" && $0 != "$" && $0 != "#" }
}
