import Support
import SystemPackage
import Testing

@Suite struct KeptCopyTests {
    @Test func `the names that are given are known`() {
        #expect(KeptCopy.replaced("/a/10-x", 0) == "/a/10-x.ORIG")
        #expect(KeptCopy.replaced("/a/10-x", 3) == "/a/10-x.ORIG.3")
        for number in 0..<12 {
            #expect(KeptCopy.isName(KeptCopy.replaced("10-x", number)))
            #expect(KeptCopy.isName(KeptCopy.edited("10-x", number)))
        }
    }

    @Test(arguments: ["10-x", "ORIG", "x.ORIGINAL", "x.ORIG.a", "x.ORIG.", "x.edited", "x.edited-", "x.ORIG.1.sh"])
    func `other names are none`(name: String) { #expect(!KeptCopy.isName(FilePath(name))) }
}
