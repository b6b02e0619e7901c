public import Profiles
internal import Support
public import SystemPackage

/// The paths of a tree that an exclude list leaves in.
///
/// Paths are relative, sorted by bytes, the top `.` first. A directory that holds something left in is always there,
/// so that it is unpacked with its own mode. What is mounted below the tree is not entered.
public struct ExlistMatch {
    private let exlist: Exlist

    public init(_ exlist: Exlist) { self.exlist = exlist }

    public func paths(in tree: FilePath) throws -> [[UInt8]] {
        var candidates: [(path: [UInt8], isKept: Bool)] = []
        var prefixed = Array("./".utf8)
        try TreeWalk(tree).run { entry in
            let path = entry.path.bytes
            prefixed.replaceSubrange(2..., with: path)
            let isDirectory = entry.status.kind == .directory
            let isExcluded = prefixed.withUnsafeBufferPointer { exlist.excludes($0, isDirectory: isDirectory) }
            candidates.append((path, !isExcluded))
            return .enter
        }
        keepParents(&candidates)
        var result = candidates.filter(\.isKept).map(\.path)
        result.sort { $0.lexicographicallyPrecedes($1) }
        return [Array(".".utf8)] + result
    }

    /// The walk gives parents before children, so going backwards meets them after all that they hold.
    private func keepParents(_ candidates: inout [(path: [UInt8], isKept: Bool)]) {
        var wanted: Set<[UInt8]> = []
        for index in candidates.indices.reversed() {
            if wanted.remove(candidates[index].path) != nil { candidates[index].isKept = true }
            guard candidates[index].isKept else { continue }
            if let slash = candidates[index].path.lastIndex(of: UInt8(ascii: "/")) {
                wanted.insert(Array(candidates[index].path[..<slash]))
            }
        }
    }
}
