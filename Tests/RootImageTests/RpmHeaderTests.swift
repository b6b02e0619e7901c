import Testing

@testable import RootImage

@Suite struct RpmHeaderTests {
    /// A header as rpm writes it: entries of 32-bit numbers.
    private func header(_ numbers: [(tag: UInt32, value: UInt32)], type: UInt32 = 4) -> [UInt8] {
        func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        let index = numbers.enumerated().flatMap { number, entry in
            word(entry.tag) + word(type) + word(UInt32(4 * number)) + word(1)
        }
        return RpmHeader.magic + word(UInt32(numbers.count)) + word(UInt32(4 * numbers.count)) + index
            + numbers.flatMap { word($0.value) }
    }

    @Test func `times of installation become the newest time of building`() {
        var bytes = header([(1006, 50), (1008, 999), (1128, 998)]) + header([(1006, 70), (1008, 1), (1009, 5)])
        #expect(RpmHeader.settleTimes(&bytes))
        #expect(bytes == header([(1006, 50), (1008, 70), (1128, 70)]) + header([(1006, 70), (1008, 70), (1009, 5)]))
    }

    @Test func `what is no header stays as it is`() {
        for bad in [
            [1, 2, 3], Array(header([(1006, 1)]).dropLast()), RpmHeader.magic + [UInt8](repeating: 0xff, count: 8),
        ]
            as [[UInt8]]
        {
            var bytes = bad
            #expect(!RpmHeader.settleTimes(&bytes))
            #expect(bytes == bad)
        }
    }

    @Test func `a signature is seen without its data`() {
        let lead: [UInt8] = [0xed, 0xab, 0xee, 0xdb] + [UInt8](repeating: 0, count: 92)
        #expect(RpmHeader.isSigned(lead + header([(268, 0)]).dropLast(4)) == true)
        #expect(RpmHeader.isSigned(lead + header([(269, 0)])) == false)
        #expect(RpmHeader.isSigned(header([(268, 0)])) == nil)
        #expect(RpmHeader.isSigned([]) == nil)
    }

    @Test func `arbitrary bytes do no harm`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<5_000 {
            var bytes = header([(1006, 1), (1008, 2), (1128, 3)])
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let count = bytes.count
            _ = RpmHeader.settleTimes(&bytes)
            #expect(bytes.count == count)
        }
    }
}
