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

    /// Each was compared with all before it.
    @Test func `attributes count as elements`() throws {
        func attributes(_ count: Int) -> [UInt8] {
            let words = (0..<count).map { " b\($0)=''" }
            return Array("<a\(words.joined())/>".utf8)
        }
        #expect(try XMLReader.read(attributes(50_000)).children.count == 50_000)
        #expect(throws: BundleError.badXML("it has more than 100000 elements", line: 1)) {
            try XMLReader.read(attributes(100_000))
        }
    }

    /// Each was compared with all before it.
    @Test
    func `rows of kits keep their order, and only equal ones may be there twice`() throws {
        let kit: (String) -> String = { "<kit><name>\($0)</name><kitdir>/\($0)</kitdir></kit>" }
        let names = (0..<20_000).map { "k\($0)" }
        let top = "<osimage><imagename>a</imagename></osimage>"
        let text = "<x>\(top)\(names.map(kit).joined())\(kit("k7"))</x>"
        #expect(try BundleManifest(xml: Array(text.utf8)).kits.compactMap { $0["kitname"] } == names)
        let other = "<kit><name>k7</name><kitdir>/other</kitdir></kit>"
        #expect(throws: BundleError.badManifest("this kit is there twice", subject: "k7")) {
            try BundleManifest(xml: Array("<x>\(top)\(kit("k7"))\(other)</x>".utf8))
        }
    }
}
