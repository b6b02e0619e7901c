internal import Support
internal import SystemPackage

/// Paths as people type them, made those that a manifest and a message have.
extension FilePath {
    /// An absolute path without `.` and `..`, by its names alone.
    var plain: FilePath {
        var names: [[UInt8]] = []
        for name in bytes.split(separator: 0x2f) where name != [0x2e] {
            if name == [0x2e, 0x2e] { _ = names.popLast() } else { names.append(Array(name)) }
        }
        return FilePath(bytes: Array("/".utf8) + Array(names.joined(separator: [0x2f])))
    }

    /// As `plain`, but the same file: after a symbolic link `..` leads elsewhere than the names say.
    var simplified: FilePath {
        let plain = self.plain
        guard plain != self, let meant = (try? targetStatus()) ?? nil else { return plain }
        if let found = (try? plain.targetStatus()) ?? nil,
            (found.device, found.inode) == (meant.device, meant.inode)
        {
            return plain
        }
        return (try? resolved()) ?? self
    }
}
