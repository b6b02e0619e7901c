import Support
import SystemPackage
import TestSupport
import Testing

@testable import Media

@Suite(.scratchDirectory) struct SignatureTests {
    private func state(_ medium: FilePath, _ keyrings: FilePath...) throws -> SignatureState {
        try SignatureCheck(Medium(medium).catalog, keyrings: keyrings).run()
    }

    @Test func `a medium without signatures is unsigned`() throws {
        #expect(try state(TinyMedium.make("tiny")) == SignatureState(.unsigned))
    }

    @Test func `a key that lies on the medium is told but not trusted`() throws {
        let medium = try TinyMedium.make("tiny", "--sign")
        let found = try state(medium)
        #expect(found.state == .unknownKey)
        #expect(found.keyOnMedium == "tiny-key.asc")
        #expect(found.fingerprint?.count == 40)
    }

    @Test func `a trusted key makes the medium trusted`() throws {
        let medium = try TinyMedium.make("tiny", "--sign")
        let key = Scratch.directory.joined("tiny.key.asc")
        let unknown = try state(medium)
        let found = try state(medium, key)
        #expect(found.state == .trusted)
        #expect(found.keyring == key.printable)
        #expect(found.fingerprint == unknown.fingerprint)
    }

    @Test func `another trusted key does not`() throws {
        let medium = try TinyMedium.make("tiny", "--sign")
        _ = try TinyMedium.make("other", "--sign")
        #expect(try state(medium, Scratch.directory.joined("other.key.asc"), "/etc/passwd").state == .unknownKey)
    }

    @Test func `a text changed after signing is refused, whoever signed it`() throws {
        let medium = try TinyMedium.make("tiny", "--sign", "--tamper", "release")
        let error = try #require(throws: CopyError.self) { try state(medium, Scratch.directory.joined("tiny.key.asc")) }
        guard case .badSignature = error else {
            Issue.record("\(error)")
            return
        }
        #expect(throws: CopyError.self) { try state(medium) }
    }

    @Test func `a key is kept under a name that apt takes`() throws {
        _ = try TinyMedium.make("tiny", "--sign")
        let keys = TrustedKeys(Scratch.directory.joined("custom/keys"))
        let kept = try keys.add(Scratch.directory.joined("tiny.key.asc"))
        #expect(kept == Scratch.directory.joined("custom/keys/tiny.key.asc"))
        let text = try Scratch.write("no key", to: "text")
        #expect(throws: CopyError.noKey(text)) { try keys.add(text) }
    }
}
