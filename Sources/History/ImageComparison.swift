internal import CLibgit2
internal import FoundationEssentials
internal import Support
internal import SystemPackage

/// What differs between two moments of an image: its definition, its files, and what was built.
public struct ImageComparison {
    /// What kind of thing differs; the order is that of the result.
    public enum Level: String, CaseIterable, Sendable {
        /// An attribute of the definition.
        case attribute
        /// A file of the recipe.
        case file
        /// A package of the root image.
        case package
        /// An entry of the root image's tree.
        case path
        /// The tree, the set, or a packed file.
        case digest
        /// A value of build.json, e.g. the kernel's command line.
        case build
    }

    public struct Change: Equatable, Sendable {
        public var level: Level
        /// Bytes of a name or path.
        public var name: [UInt8]
        /// nil when it is new.
        public var old: [UInt8]?
        /// nil when it is gone.
        public var new: [UInt8]?

        /// `A` added, `D` removed, `M` changed.
        public var status: Character { old == nil ? "A" : new == nil ? "D" : "M" }
    }

    public private(set) var changes: [Change] = []
    private let old: ImageSnapshot
    private let new: ImageSnapshot

    /// - Parameter levels: what to compare.
    public init(
        _ old: ImageSnapshot, _ new: ImageSnapshot, levels: Set<Level> = Set(Level.allCases)
    ) throws(HistoryError) {
        (self.old, self.new) = (old, new)
        if levels.contains(.attribute) {
            compare(.attribute, Self.bytes(old.attributes), Self.bytes(new.attributes))
        }
        if levels.contains(.file) { compare(.file, Self.bytes(old.files), Self.bytes(new.files)) }
        if levels.contains(.package) { try compareResults(.package, "packages") { Self.packages($0) } }
        if levels.contains(.path) { try compareRecords(.path, "files") }
        if levels.contains(.digest) { try compareRecords(.digest, "digests") }
        if levels.contains(.build) { try compareResults(.build, "build.json") { BuildValues($0).values } }
    }

    private mutating func compareResults(
        _ level: Level, _ name: FilePath, _ parse: ([UInt8]) -> [[UInt8]: [UInt8]]
    ) throws(HistoryError) {
        guard let (left, right) = try results(name), left != right else { return }
        compare(level, parse(left), parse(right))
    }

    private mutating func compareRecords(_ level: Level, _ name: FilePath) throws(HistoryError) {
        guard let (left, right) = try results(name), left != right else { return }
        changes += RecordComparison(level, left, right).changes
    }

    /// A file of both build records; nil when one of the builds, an import, does not have it: then nothing can be said.
    private func results(_ name: FilePath) throws(HistoryError) -> ([UInt8], [UInt8])? {
        let (left, right) = (try old.result(name), try new.result(name))
        if left == nil || right == nil, try old.result("digests") != nil, try new.result("digests") != nil {
            return nil
        }
        return (left ?? [], right ?? [])
    }

    private mutating func compare(_ level: Level, _ left: [[UInt8]: [UInt8]], _ right: [[UInt8]: [UInt8]]) {
        for name in Set(left.keys).union(right.keys).sorted(by: { $0.lexicographicallyPrecedes($1) })
        where left[name] != right[name] {
            changes.append(Change(level: level, name: name, old: left[name], new: right[name]))
        }
    }

    // MARK: - What is compared

    private static func bytes(_ attributes: [String: String]) -> [[UInt8]: [UInt8]] {
        Dictionary(uniqueKeysWithValues: attributes.map { (Array($0.key.utf8), Array($0.value.utf8)) })
    }

    private static func bytes(_ files: [FilePath: ImageSnapshot.File]) -> [[UInt8]: [UInt8]] {
        Dictionary(
            files.map { path, file in
                let mark = file.status == "kept" ? (file.isExecutable ? "x" : file.isMask ? "mask" : "") : file.status
                let text = [file.digest ?? "", mark].filter { !$0.isEmpty }.joined(separator: " ")
                return (path.bytes, Array(text.utf8))
            }, uniquingKeysWith: { $1 })
    }

    /// `NAME TAB VERSION TAB ARCHITECTURE` by name, with the architecture where a name has several.
    private static func packages(_ text: [UInt8]) -> [[UInt8]: [UInt8]] {
        let lines = text.split(separator: 0x0a).map { $0.split(separator: 0x09, omittingEmptySubsequences: false) }
        var counts: [ArraySlice<UInt8>: Int] = [:]
        for fields in lines { counts[fields[0], default: 0] += 1 }
        return Dictionary(
            lines.map { fields in
                let isAlone = counts[fields[0]] == 1 || fields.count < 3
                let name = isAlone ? Array(fields[0]) : Array(fields[0]) + [UInt8(ascii: ":")] + fields[2]
                return (name, fields.count > 1 ? Array(fields[1]) : [])
            }, uniquingKeysWith: { $1 })
    }

    // MARK: - As text

    /// A patch of the stanza and of all files of the recipe that are kept, as `git diff` prints it.
    public func patch() throws(HistoryError) -> [UInt8] {
        var result = try Self.patch(old.stanza, new.stanza, "osimage/\(new.image)/stanza")
        for change in changes where change.level == .file {
            let path = FilePath(bytes: change.name)
            result += try Self.patch(
                try old.bytes(of: path), try new.bytes(of: path), path.printable)
        }
        return result
    }

    private static func patch(_ old: [UInt8]?, _ new: [UInt8]?, _ path: String) throws(HistoryError) -> [UInt8] {
        guard old != new else { return [] }
        return try HistoryError.wrap {
            var patch: OpaquePointer?
            let code = (old ?? []).withUnsafeBytes { old in
                (new ?? []).withUnsafeBytes { new in
                    git_patch_from_buffers(
                        &patch, old.baseAddress, old.count, path, new.baseAddress, new.count, path, nil)
                }
            }
            try GitError.check(code, path, "git_patch_from_buffers")
            defer { git_patch_free(patch) }
            var buffer = git_buf()
            try GitError.check(git_patch_to_buf(&buffer, patch), path, "git_patch_to_buf")
            defer { git_buf_dispose(&buffer) }
            guard let text = buffer.ptr else { return [] }
            return UnsafeBufferPointer(start: text, count: buffer.size).map { UInt8(bitPattern: $0) }
        }
    }
}

/// The values of a build by their path in JSON, e.g. `kernel` or `members.rootimg.cpio.gz.size`.
private struct BuildValues: Decodable {
    var values: [[UInt8]: [UInt8]] = [:]

    /// - Parameter bytes: `{"builds":[{…}],"version":1}`; of any other document all values.
    init(_ bytes: [UInt8]) {
        guard let decoded = try? JSONDecoder().decode(BuildValues.self, from: Data(bytes)) else { return }
        let top = Array("builds.0.".utf8)
        let own = decoded.values.filter { $0.key.starts(with: top) }
        // Digests are a level of their own.
        values = Dictionary(
            own.isEmpty ? decoded.values.map { $0 } : own.map { (Array($0.key.dropFirst(top.count)), $0.value) },
            uniquingKeysWith: { $1 }
        ).filter { !$0.value.starts(with: "sha256:".utf8) }
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { Int(stringValue) }
        init(stringValue: String) { self.stringValue = stringValue }
        init(intValue: Int) { stringValue = "\(intValue)" }
    }

    init(from decoder: any Decoder) throws {
        func add(_ name: String, _ inner: BuildValues) {
            for (rest, value) in inner.values {
                values[Array(name.utf8) + (rest.isEmpty ? [] : [UInt8(ascii: ".")] + rest)] = value
            }
        }
        if let object = try? decoder.container(keyedBy: Key.self) {
            for key in object.allKeys { add(key.stringValue, try object.decode(BuildValues.self, forKey: key)) }
        } else if var list = try? decoder.unkeyedContainer() {
            while !list.isAtEnd {
                let index = list.currentIndex
                var entry = try list.decode(BuildValues.self)
                // Entries that have a name go by it, wherever they stand.
                let name = entry.values.removeValue(forKey: Array("name".utf8))
                add(name.map { String(decoding: $0, as: UTF8.self) } ?? "\(index)", entry)
            }
        } else {
            let single = try decoder.singleValueContainer()
            if let text = try? single.decode(String.self) {
                values[[]] = Array(text.utf8)
            } else if let flag = try? single.decode(Bool.self) {
                values[[]] = Array("\(flag)".utf8)
            } else if let number = try? single.decode(Int.self) {
                values[[]] = Array("\(number)".utf8)
            } else if let number = try? single.decode(Double.self) {
                values[[]] = Array("\(number)".utf8)
            }
        }
    }
}
