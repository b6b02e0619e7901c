/// Names of files or folders, among which those of one folder are found fast.
struct SortedNames {
    private let names: [[UInt8]]

    init(_ names: some Sequence<[UInt8]>) { self.names = names.sorted { $0.lexicographicallyPrecedes($1) } }

    /// Those in a folder, at any depth, sorted.
    func below(_ folder: [UInt8]) -> ArraySlice<[UInt8]> {
        let prefix = folder + [0x2f]
        var (low, high) = (names.startIndex, names.endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if names[middle].lexicographicallyPrecedes(prefix) { low = middle + 1 } else { high = middle }
        }
        return names[low...].prefix { $0.starts(with: prefix) }
    }
}
