/// Comparison of versions as dpkg does it: deb-version(7). Also right for kernel versions of every distribution we know.
public enum VersionOrder {
    /// Whether `left` is older than `right`.
    public static func precedes(_ left: String, _ right: String) -> Bool { compare(left, right) < 0 }

    /// Negative, zero or positive.
    public static func compare(_ left: String, _ right: String) -> Int {
        let (left, right) = (parts(left), parts(right))
        if left.epoch != right.epoch { return left.epoch < right.epoch ? -1 : 1 }
        let upstream = comparePart(left.upstream, right.upstream)
        return upstream != 0 ? upstream : comparePart(left.revision, right.revision)
    }

    private static func parts(_ version: String) -> (
        epoch: Int, upstream: ArraySlice<UInt8>, revision: ArraySlice<UInt8>
    ) {
        var rest = Array(version.utf8)[...]
        var epoch = 0
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            epoch = Int(String(decoding: rest[..<colon], as: UTF8.self)) ?? 0
            rest = rest[(colon + 1)...]
        }
        guard let dash = rest.lastIndex(of: UInt8(ascii: "-")) else { return (epoch, rest, []) }
        return (epoch, rest[..<dash], rest[(dash + 1)...])
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// A tilde sorts before the end, letters before everything else.
    private static func weight(_ byte: UInt8?) -> Int {
        guard let byte else { return 0 }
        if byte == UInt8(ascii: "~") { return -1 }
        if isDigit(byte) { return 0 }
        let isLetter = (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        return isLetter ? Int(byte) : Int(byte) + 256
    }

    private static func comparePart(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        var (left, right) = (left, right)
        while !left.isEmpty || !right.isEmpty {
            while left.first.map({ !isDigit($0) }) ?? false || right.first.map({ !isDigit($0) }) ?? false {
                let difference = weight(left.first) - weight(right.first)
                if difference != 0 { return difference }
                left = left.dropFirst()
                right = right.dropFirst()
            }
            left = left.drop { $0 == UInt8(ascii: "0") }
            right = right.drop { $0 == UInt8(ascii: "0") }
            let (leftDigits, rightDigits) = (left.prefix(while: isDigit), right.prefix(while: isDigit))
            if leftDigits.count != rightDigits.count { return leftDigits.count - rightDigits.count }
            if !leftDigits.elementsEqual(rightDigits) {
                return leftDigits.lexicographicallyPrecedes(rightDigits) ? -1 : 1
            }
            left = left[leftDigits.endIndex...]
            right = right[rightDigits.endIndex...]
        }
        return 0
    }
}
