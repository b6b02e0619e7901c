/// Headers of RPM packages: magic, counts, index entries, data; see rpm's "Package format" document.
enum RpmHeader {
    static let magic: [UInt8] = [0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0]
    static let limit = 256 << 20

    /// One entry of a header's index.
    struct Entry {
        var tag: UInt32
        var type: UInt32
        /// Of its data, from the beginning of all bytes.
        var offset: Int
        var count: UInt32
    }

    /// The entries of the header that begins at `start`, and where it ends; nil when it is none or not whole.
    ///
    /// - Parameter hasData: false when the data may go on behind `bytes`.
    static func read(_ bytes: [UInt8], at start: Int, hasData: Bool = true) -> (entries: [Entry], end: Int)? {
        func byte(_ position: Int) -> UInt32 { UInt32(bytes[position]) }
        func word(_ position: Int) -> UInt32 {
            byte(position) << 24 | byte(position + 1) << 16 | byte(position + 2) << 8 | byte(position + 3)
        }
        guard start >= 0, bytes.count - start >= 16, (0..<8).allSatisfy({ byte(start + $0) == UInt32(magic[$0]) })
        else {
            return nil
        }
        let (entries, data) = (Int(word(start + 8)), Int(word(start + 12)))
        guard entries <= limit / 16, data <= limit else { return nil }
        let store = start + 16 + 16 * entries
        guard store + (hasData ? data : 0) <= bytes.count else { return nil }
        var result: [Entry] = []
        result.reserveCapacity(entries)
        for number in 0..<entries {
            let position = start + 16 + 16 * number
            let offset = Int(word(position + 8))
            guard offset <= data else { return nil }
            result.append(
                Entry(
                    tag: word(position), type: word(position + 4), offset: store + offset, count: word(position + 12)))
        }
        return (result, store + data)
    }

    private static let buildTime: UInt32 = 1006
    private static let installTime: UInt32 = 1008
    private static let installTransaction: UInt32 = 1128
    private static let int32: UInt32 = 4

    /// Sets the times of installation in headers as `rpmdb --exportdb` writes them to the newest time at which one of the packages was
    /// built, so that the same packages make the same database.
    ///
    /// - Returns: false when these are no headers; then nothing was changed.
    static func settleTimes(_ bytes: inout [UInt8]) -> Bool {
        var places: [Int] = []
        var newest: [UInt8] = [0, 0, 0, 0]
        var position = 0
        while position < bytes.count {
            guard let header = read(bytes, at: position) else { return false }
            for entry in header.entries where entry.type == int32 && entry.count >= 1 {
                guard entry.offset + 4 <= header.end else { return false }
                if entry.tag == buildTime {
                    let time = Array(bytes[entry.offset..<entry.offset + 4])
                    if newest.lexicographicallyPrecedes(time) { newest = time }
                }
                if [installTime, installTransaction].contains(entry.tag) { places.append(entry.offset) }
            }
            position = header.end
        }
        for place in places { bytes.replaceSubrange(place..<place + 4, with: newest) }
        return true
    }

    private static let signatureTags: Set<UInt32> = [259, 262, 267, 268, 278, 1002, 1005]

    /// Whether a package, of which `head` is the beginning, carries a signature; nil when it is no package.
    ///
    /// A lead of 96 bytes, then the header with signatures and digests.
    static func isSigned(_ head: [UInt8]) -> Bool? {
        guard head.starts(with: [0xed, 0xab, 0xee, 0xdb]), let header = read(head, at: 96, hasData: false) else {
            return nil
        }
        return header.entries.contains { signatureTags.contains($0.tag) }
    }
}
