/// Tries a pattern at one place of a subject, counting steps.
struct PatternMatcher {
    private let subject: [UInt8]
    private let ignoresCase: Bool
    private var groups: [Range<Int>?]
    private var steps = 0
    private var depth = 0
    private(set) var isExhausted = false

    init(_ subject: [UInt8], groupCount: Int, ignoringCase: Bool) {
        self.subject = subject
        ignoresCase = ignoringCase
        groups = Array(repeating: nil, count: groupCount + 1)
    }

    mutating func match(_ root: Pattern.Node, at start: Int) -> Pattern.Match? {
        groups = Array(repeating: nil, count: groups.count)
        var end = start
        guard
            run(
                root, start,
                { _, position in
                    end = position
                    return true
                })
        else { return nil }
        return Pattern.Match(range: start..<end, groups: Array(groups.dropFirst()))
    }

    private typealias Continuation = (inout PatternMatcher, Int) -> Bool

    /// Matches `node` from `position`, then whatever follows; groups are those of the successful path.
    private mutating func run(_ node: Pattern.Node, _ position: Int, _ next: Continuation) -> Bool {
        steps += 1
        depth += 1
        defer { depth -= 1 }
        // The bound of depth keeps the stack small: no pattern nests deeper than a thread of a pool can bear.
        guard steps < 200_000, depth < 1000 else {
            isExhausted = true
            return false
        }
        switch node {
        case .empty: return next(&self, position)
        case .byte(let byte): return accepts(position) { same($0, byte) } && next(&self, position + 1)
        case .set(let set): return accepts(position) { contains(set, $0) } && next(&self, position + 1)
        case .start: return position == 0 && next(&self, position)
        case .end:
            let isEnd = position == subject.count || (position == subject.count - 1 && subject[position] == 0x0a)
            return isEnd && next(&self, position)
        case .absoluteEnd: return position == subject.count && next(&self, position)
        case .wordBoundary(let wanted): return isBoundary(position) == wanted && next(&self, position)
        case .sequence(let nodes): return sequence(nodes[...], position, next)
        case .choice(let nodes):
            for node in nodes where run(node, position, next) { return true }
            return false
        case .group(let inner, let index): return group(inner, index, position, next)
        case .repeated(let inner, let min, let max, let isLazy):
            return repeated(inner, min, max, isLazy, 0, position, next)
        case .backReference(let index): return backReference(index, position, next)
        case .look(let inner, let isNegative):
            let saved = groups
            let found = run(inner, position) { _, _ in true }
            if isNegative || !found { groups = saved }
            return found != isNegative && next(&self, position)
        }
    }

    private func accepts(_ position: Int, _ test: (UInt8) -> Bool) -> Bool {
        position < subject.count && test(subject[position])
    }

    private func same(_ left: UInt8, _ right: UInt8) -> Bool {
        left == right || (ignoresCase && Self.lowercased(left) == Self.lowercased(right))
    }

    private func contains(_ set: ByteSet, _ byte: UInt8) -> Bool {
        if set.contains(byte) { return true }
        guard ignoresCase else { return false }
        let lower = Self.lowercased(byte)
        return set.contains(lower) || ((0x61...0x7a).contains(lower) && set.contains(lower - 0x20))
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte + 0x20 : byte }

    private func isBoundary(_ position: Int) -> Bool {
        let before = position > 0 && ByteSet.wordBytes.contains(subject[position - 1])
        let after = position < subject.count && ByteSet.wordBytes.contains(subject[position])
        return before != after
    }

    private mutating func sequence(_ nodes: ArraySlice<Pattern.Node>, _ position: Int, _ next: Continuation) -> Bool {
        guard let first = nodes.first else { return next(&self, position) }
        return run(first, position) { matcher, position in matcher.sequence(nodes.dropFirst(), position, next) }
    }

    private mutating func group(
        _ inner: Pattern.Node, _ index: Int?, _ position: Int, _ next: Continuation
    ) -> Bool {
        guard let index else { return run(inner, position, next) }
        let saved = groups[index]
        if run(
            inner, position,
            { matcher, end in
                let earlier = matcher.groups[index]
                matcher.groups[index] = position..<end
                if next(&matcher, end) { return true }
                matcher.groups[index] = earlier
                return false
            })
        {
            return true
        }
        groups[index] = saved
        return false
    }

    private mutating func repeated(
        _ inner: Pattern.Node, _ min: Int, _ max: Int, _ isLazy: Bool, _ count: Int, _ position: Int,
        _ next: Continuation
    ) -> Bool {
        steps += 1
        guard steps < 200_000 else {
            isExhausted = true
            return false
        }
        if let width = single(inner) {
            return repeatedSingle(width, min, max, isLazy, position, next)
        }
        if isLazy, count >= min, next(&self, position) { return true }
        if count < max,
            run(
                inner, position,
                { matcher, end in
                    // An empty turn would repeat for ever.
                    if end == position, count >= min { return false }
                    return matcher.repeated(inner, min, max, isLazy, count + 1, end, next)
                })
        {
            return true
        }
        return !isLazy && count >= min && next(&self, position)
    }

    /// The test for a node that takes exactly one byte, which needs no recursion.
    private func single(_ node: Pattern.Node) -> ByteSet? {
        switch node {
        case .set(let set): set
        case .byte(let byte): ByteSet(byte...byte)
        default: nil
        }
    }

    private mutating func repeatedSingle(
        _ set: ByteSet, _ min: Int, _ max: Int, _ isLazy: Bool, _ position: Int, _ next: Continuation
    ) -> Bool {
        var available = 0
        while available < max, position + available < subject.count, contains(set, subject[position + available]) {
            available += 1
        }
        guard available >= min else { return false }
        for step in 0...(available - min) {
            steps += 1
            if next(&self, position + (isLazy ? min + step : available - step)) { return true }
            if isExhausted { return false }
        }
        return false
    }

    private mutating func backReference(_ index: Int, _ position: Int, _ next: Continuation) -> Bool {
        guard index < groups.count, let range = groups[index], position + range.count <= subject.count,
            zip(subject[range], subject[position...]).allSatisfy({ same($0, $1) })
        else { return false }
        return next(&self, position + range.count)
    }
}
