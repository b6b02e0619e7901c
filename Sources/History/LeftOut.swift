internal import Digests
public import SystemPackage
internal import Support

extension HistoryRepository {
    /// What of a recipe was left out and has not been named before, for a warning that comes once.
    ///
    /// What was named is remembered in the repository's folder; what is left out for another reason counts anew.
    public func newlyLeftOut(of recipe: Recipe) throws(HistoryError) -> [(name: FilePath, reason: String)] {
        try HistoryError.wrap {
            let file = git.folder.joined("catboat-left-out")
            let known = file.exists ? try file.readBytes() : []
            let lines = Set(known.split(separator: 0x0a).map { Array($0) })
            let new = recipe.leftOut.filter { !lines.contains(Self.line($0)) }
            if !new.isEmpty {
                let all = lines.union(new.map(Self.line)).sorted { $0.lexicographicallyPrecedes($1) }
                try AtomicFile.write(all.map { $0 + [0x0a] }.joined(), to: file, permissions: 0o600)
            }
            return new
        }
    }

    private static func line(_ entry: (name: FilePath, reason: String)) -> [UInt8] {
        Array("\(entry.reason)\t".utf8) + RecipeText.escaped(entry.name.bytes)
    }
}
