/// Bytes in blocks, produced one after the other.
public protocol BlockSource {
    /// The next block; nil at the end. Blocks are not empty.
    mutating func next() throws -> [UInt8]?
}

/// Bytes read on demand.
public protocol ByteSource: AnyObject {
    /// Reads up to `buffer.count` bytes, at least one unless at the end.
    /// - Returns: 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteSource {
    /// Reads until `buffer` is full or the source ends; gives how many bytes came.
    public func readFully(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 { break }
            filled += count
        }
        return filled
    }
}
