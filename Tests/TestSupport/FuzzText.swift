internal import Support

/// A small generator of test input: the same in every run for the same seed.
public struct FuzzText {
    private var state: UInt64

    /// How many inputs a test tries: `usual`, times `CATBOAT_TEST_FUZZ` where that is set.
    public static func count(_ usual: Int) -> Int {
        usual * (Environment.current.text("CATBOAT_TEST_FUZZ").flatMap { Int($0) } ?? 1)
    }

    public init(seed: UInt64) { state = seed }

    /// A number below `limit`.
    public mutating func number(below limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % max(1, limit)
    }

    /// Up to `limit` pieces put together.
    public mutating func text(of pieces: [String], below limit: Int) -> String {
        (0..<number(below: limit)).map { _ in pieces[number(below: pieces.count)] }.joined()
    }

    /// Bytes of which three in four are one of `special`, the others any.
    public mutating func bytes(of special: [UInt8], below limit: Int) -> [UInt8] {
        (0..<number(below: limit)).map { _ in
            number(below: 4) == 0 ? UInt8(number(below: 256)) : special[number(below: special.count)]
        }
    }
}
