import Versions
import Testing

@Suite struct VersionOrderTests {
    @Test(arguments: [
        ("1.0", "1.1"), ("1.0~rc1", "1.0"), ("6.1.0-9-amd64", "6.1.0-10-amd64"), ("4.18.0-80", "4.18.0-372"),
        ("1.0", "1:0.1"),
        ("1.0-1", "1.0-1+b1"), ("1.0a", "1.0b"), ("1.0a", "1.0+"), ("2.0~~", "2.0~"),
        ("5.14.0-70.13.1.el9_0", "5.14.0-162.6.1.el9_1"),
    ])
    func `the first is older`(older: String, newer: String) {
        #expect(VersionOrder.precedes(older, newer))
        #expect(!VersionOrder.precedes(newer, older))
    }

    @Test(arguments: [("1.0", "1.0"), ("01.2", "1.02"), ("0:1", "1")]) func `both are the same`(
        left: String, right: String
    ) {
        #expect(VersionOrder.compare(left, right) == 0)
    }
}
