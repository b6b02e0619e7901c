#if canImport(Glibc)
    internal import Glibc
#endif

/// Compares two texts of lines `NAME TAB REST` by their names: listings of root images, which are large and hardly differ.
///
/// Lines that both texts have are passed over as bytes, without taking them apart; only what is left is looked up by name.
/// Sorted texts need one pass; others give the same result, only slower.
struct RecordComparison {
    private(set) var changes: [ImageComparison.Change] = []
    private let level: ImageComparison.Level
    private var removed: [[UInt8]: [UInt8]] = [:]
    private var added: [[UInt8]: [UInt8]] = [:]

    init(_ level: ImageComparison.Level, _ old: [UInt8], _ new: [UInt8]) {
        self.level = level
        old.withUnsafeBytes { old in
            new.withUnsafeBytes { new in walk(old, new) }
        }
        let names = Set(removed.keys).union(added.keys).filter { removed[$0] != added[$0] }
        changes += names.map { name in
            ImageComparison.Change(level: level, name: name, old: removed[name], new: added[name])
        }
        let isSorted = zip(changes, changes.dropFirst()).allSatisfy { $0.name.lexicographicallyPrecedes($1.name) }
        if !isSorted { changes.sort { $0.name.lexicographicallyPrecedes($1.name) } }
    }

    private mutating func walk(_ old: UnsafeRawBufferPointer, _ new: UnsafeRawBufferPointer) {
        var left = Lines(old)
        var right = Lines(new)
        while let ours = left.line, let theirs = right.line {
            if Self.areEqual(ours, theirs) {
                left.advance()
                right.advance()
                continue
            }
            let order = Self.order(Self.name(ours), Self.name(theirs))
            // A name stands once in a listing: these two are a pair, wherever they are.
            if order == 0 {
                let (old, new) = (Self.record(ours), Self.record(theirs))
                changes.append(ImageComparison.Change(level: level, name: old.name, old: old.rest, new: new.rest))
                left.advance()
                right.advance()
                continue
            }
            if order < 0 {
                Self.put(ours, into: &removed)
                left.advance()
            }
            if order > 0 {
                Self.put(theirs, into: &added)
                right.advance()
            }
        }
        while let line = left.line {
            Self.put(line, into: &removed)
            left.advance()
        }
        while let line = right.line {
            Self.put(line, into: &added)
            right.advance()
        }
    }

    private static func put(_ line: Slice<UnsafeRawBufferPointer>, into records: inout [[UInt8]: [UInt8]]) {
        let record = record(line)
        records[record.name] = record.rest
    }

    private static func record(_ line: Slice<UnsafeRawBufferPointer>) -> (name: [UInt8], rest: [UInt8]) {
        let name = name(line)
        return (Array(name), Array(line[name.endIndex...].dropFirst()))
    }

    private static func name(_ line: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        line[..<(line.firstIndex(of: 0x09) ?? line.endIndex)]
    }

    private static func areEqual(
        _ left: Slice<UnsafeRawBufferPointer>, _ right: Slice<UnsafeRawBufferPointer>
    ) -> Bool {
        left.count == right.count && compare(left, right, left.count) == 0
    }

    private static func order(_ left: Slice<UnsafeRawBufferPointer>, _ right: Slice<UnsafeRawBufferPointer>) -> Int {
        let result = compare(left, right, min(left.count, right.count))
        return result != 0 ? Int(result) : left.count - right.count
    }

    private static func compare(
        _ left: Slice<UnsafeRawBufferPointer>, _ right: Slice<UnsafeRawBufferPointer>, _ count: Int
    ) -> CInt {
        guard count > 0, let first = UnsafeRawBufferPointer(rebasing: left).baseAddress,
            let second = UnsafeRawBufferPointer(rebasing: right).baseAddress
        else { return 0 }
        return memcmp(first, second, count)
    }

    /// The lines of a text, without their newlines; empty ones are passed over.
    private struct Lines {
        private let text: UnsafeRawBufferPointer
        private var end = 0
        private(set) var line: Slice<UnsafeRawBufferPointer>?

        init(_ text: UnsafeRawBufferPointer) {
            self.text = text
            advance()
        }

        mutating func advance() {
            var start = end
            while start < text.count, text[start] == 0x0a { start += 1 }
            guard start < text.count, let base = text.baseAddress else {
                line = nil
                return
            }
            let found = memchr(base + start, 0x0a, text.count - start)
            end = found.map { base.distance(to: UnsafeRawPointer($0)) } ?? text.count
            line = text[start..<end]
        }
    }
}
