import Bundles
import Testing

@Suite struct XMLReaderTests {
    @Test func `elements, text and attributes are read`() throws {
        let root = try XMLReader.read(
            Array("<?xml version='1.0'?><a b=\"1 &amp; 2\"><c> x&#233;&lt; </c><!-- - --><d/></a>\n".utf8))
        #expect(root.name == "a")
        #expect(root.children.map(\.name) == ["b", "c", "d"])
        #expect(root.first("b")?.text == "1 & 2")
        #expect(root.first("c")?.value == "xé<")
        #expect(root.first("d")?.value == nil)
    }
}
