import Definitions
import TestSupport
import Testing

/// Objects as text.
@Suite struct StanzaFileTests {
    @Test func `headers, attributes and defaults are told apart`() {
        let file = StanzaFile(
            """
            # comment
            default-node:
                groups=all
            n1:
                objtype=node
                os = "rocky 9"
            fd59::/64:
                objtype=network
            n1:
                os=b=c
            """)
        #expect(file.stanzas.map(\.name) == ["n1", "fd59::/64"] && file.stanzas.map(\.type) == ["node", "network"])
        #expect(file.stanzas[0].values.map { "\($0.name)=\($0.value)" } == ["groups=all", "os=b=c"])
    }

    @Test func `a single quote mark stays, a pair is dropped, and carriage returns do no harm`() {
        let file = StanzaFile("i:\r\n    objtype=osimage\r\n    a=\"x\r\n    b=\"x y\"\r\n    c=n \"b\" i\r\n")
        #expect(file.stanzas[0].values.map(\.value) == ["\"x", "x y", "n \"b\" i"])
    }

    @Test func `bad lines are kept with their numbers`() {
        let file = StanzaFile("junk\nimg:\n    objtype=osimage\n    imagetype linux\n")
        #expect(file.badLines == [.init(number: 1, text: "junk")])
        #expect(file.stanzas[0].badLines == [.init(number: 4, text: "imagetype linux")])
    }

    @Test func `a value that ends in a colon is a value`() {
        #expect(StanzaFile("i:\n    objtype=osimage\n    a=b:\n").stanzas[0].values.map(\.value) == ["b:"])
    }

    @Test func `a value that is written is read back`() {
        var generator = FuzzText(seed: 5)
        let pieces = "ab:= \t\"#\r,é\u{2028}\u{85}".map { String($0) } + ["default-", "objtype", "\r\n", "e\u{301}"]
        for _ in 0..<FuzzText.count(20000) {
            let value = generator.text(of: pieces, below: 8)
            guard let text = StanzaText.value(value) else {
                #expect(value.utf8.contains(0x0a))
                continue
            }
            let file = StanzaFile("n:\n    objtype=node\n    a=\(text)\nm:\n")
            #expect(
                file.stanzas.count == 2 && file.stanzas[0].values.map { Array($0.value.utf8) } == [Array(value.utf8)])
        }
    }

    @Test(arguments: [
        ("n1", true), ("a:b", true), ("é x", true), ("", false), (" a", false), ("a\t", false), ("#a", false),
        ("a=b", false), ("default-node", false), ("a\nb", false),
    ])
    func `a name that can be a header is read back`(name: String, isPossible: Bool) {
        #expect(StanzaText.canBeName(name) == isPossible)
        #expect((StanzaFile("\(name):\n    objtype=x\n").stanzas.first?.name == name) == isPossible)
    }

    @Test func `arbitrary text is read without harm`() {
        var generator = FuzzText(seed: 3)
        let pieces = "ab:= \n\t\"#\r,é".map { String($0) } + ["default-", "objtype", "\r\n"]
        for _ in 0..<FuzzText.count(20000) { _ = StanzaFile(generator.text(of: pieces, below: 40)) }
        let special = Array("a:= \n\"#".utf8)
        for _ in 0..<FuzzText.count(20000) {
            _ = StanzaFile(String(decoding: generator.bytes(of: special, below: 60), as: UTF8.self))
        }
    }
}
