internal import Bundles
internal import CommandShell
internal import Definitions
internal import Support
internal import SystemPackage
internal import Tables

/// What is said of a plan, to people and to programs.
extension ImportPlan {
    struct FileRecord: Encodable {
        var image: String
        var target: String
        /// `new`, `replace`, `mode` when only the permissions differ, or `same`.
        var action: String
        var backup: String?
        var sha256: String
    }

    private struct Record: Encodable {
        struct Code: Encodable {
            var kind: String
            var path: String
        }

        var image: String
        var provmethod: String
        var signature: String
        var signer: String?
        var files: [FileRecord]
        var trees: [String]
        /// That the image has and that are not here yet.
        var folders: [String]
        var code: [Code]
        /// Columns of an image that is there already which get another value, or none.
        var changes: [ImportRows.Change]
        var rows: [String]
        var unknownNodes: [String]
    }

    private func newFolders(of image: ImportImage) -> [String] {
        image.folders.map(\.target).filter { folder in
            (try? places.of(folder)).map { made.contains($0) } ?? false
        }.map(\.printable)
    }

    /// Whether a file is there already and is left as it is.
    func isHere(_ target: String) -> Bool { left.contains(target) }

    /// Rows beside those of images that are here already and change or go.
    var notes: [String] { rows.notes }

    /// Backups of what has no line of its own.
    func hiddenBackups(_ image: ImportImage) -> [(target: String, backup: String)] {
        let hidden = image.files.filter { !$0.isShown }.map(\.target) + image.trees.map(\.target)
        return hidden.compactMap { path in backups[path.printable].map { (path.printable, $0) } }
    }

    /// What else changes: files of folders and kits, folders that are made, and modes.
    func hiddenLines(_ image: ImportImage) -> [String] {
        let shown = Set(image.files.filter(\.isShown).map(\.target.printable))
        let files = records.filter { $0.image == image.name && $0.action != "same" }.compactMap { record in
            record.action == "mode" ? "\(record.target) (mode)" : shown.contains(record.target) ? nil : record.target
        }
        return files + newFolders(of: image).map { "\($0)/" }
    }

    /// Columns of an image that is there already and that change, in one line.
    func changeLine(_ image: ImportImage) -> String? {
        let changes = rows.changes.filter { $0.image == image.name }
        let changed = changes.filter { $0.new != nil }.map(\.column)
        let cleared = changes.filter { $0.new == nil }.map(\.column)
        guard !changes.isEmpty else { return nil }
        let parts = [("changed", changed), ("cleared", cleared)].filter { !$0.1.isEmpty }.map {
            "\($0.0): \($0.1.joined(separator: ", "))"
        }
        return "The image \(image.name) is there already; columns \(parts.joined(separator: "; "))."
    }

    /// The rows, one operation of table-set a line.
    var rowLines: [UInt8] { rows.batch.bytes }

    var json: [UInt8] {
        let lines = String(decoding: rows.batch.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        return JSONText.document(
            "imports",
            images.map { image in
                Record(
                    image: image.name, provmethod: image.provmethod, signature: image.answer.signature,
                    signer: image.answer.signer, files: records.filter { $0.image == image.name },
                    trees: image.trees.map(\.target.printable), folders: newFolders(of: image),
                    code: image.code.map { Record.Code(kind: $0.kind, path: $0.name) },
                    changes: rows.changes.filter { $0.image == image.name }, rows: lines, unknownNodes: unknownNodes)
            })
    }
}
