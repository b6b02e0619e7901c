internal import CommandShell
internal import Settings
internal import Support
internal import SystemPackage

/// Packed root images of a bundle, unpacked beside it before anything is decided.
struct ImportTrees {
    private let settings: Settings

    private let limit: UInt64?

    /// - Parameter limit: bytes that one may unpack to.
    init(_ settings: Settings, limit: UInt64?) { (self.settings, self.limit) = (settings, limit) }

    /// - Parameter kernel: put into a tree that was packed without it.
    func unpack(_ file: FilePath, to folder: FilePath, kernel: FilePath?) throws {
        var words: [Word] = kernel.map { ["--kernel", Word($0)] } ?? []
        if let limit { words += ["--max-size", Word("\(limit)")] }
        try Step("ramdisk-unpack", words + [Word(file), Word(folder)], settings: settings).run(output: .null)
    }

    /// Whether no node could tell them apart.
    func areEqual(_ one: FilePath, _ other: FilePath) throws -> Bool {
        try digest(one) == digest(other)
    }

    private func digest(_ tree: FilePath) throws -> [UInt8] {
        try Step("rootimg-list", ["--digest", Word(tree)], settings: settings).captured().output
    }
}
