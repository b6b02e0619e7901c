import Digests
import Testing

@Suite struct NameUUIDTests {
    /// The example of RFC 9562, appendix A.4.
    @Test func `the RFC's example comes out`() {
        #expect(NameUUID("www.example.com".utf8, namespace: .dns).description == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
    }

    @Test func `a digest is read with and without its prefix, and nothing else is`() throws {
        let digest = Digest.of("abc".utf8)
        #expect(digest.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest(digest.description) == digest)
        #expect(Digest(digest.hex) == digest)
        #expect(Digest("sha256:xyz") == nil)
        #expect(Digest("+" + digest.hex.dropFirst()) == nil)
    }
}
