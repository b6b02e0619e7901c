import Testing

@testable import RootImage

@Suite struct RpmKeysTests {
    private let packages = ["/m/a.rpm", "/m/b.rpm"].map { file in
        RpmOutcome.Installation(
            package: RpmPackage(name: file, version: "1-1", architecture: "noarch"), file: file, repository: "/m",
            isFromURL: false)
    }

    private func judge(_ second: String) throws {
        try RpmKeys.judge(
            """
            /m/a.rpm:
                Header V4 RSA/SHA256 Signature, key ID 2f86d6a1: OK
            /m/b.rpm:
                \(second)

            """, packages)
    }

    @Test func `each package needs a good signature of a trusted key`() throws {
        try judge("V4 RSA/SHA256 Signature, key ID 2f86d6a1: OK")
        #expect(throws: RpmSignatureError.untrusted("/m/b.rpm-1-1.noarch", "/m", key: "12345678")) {
            try judge("Header V4 DSA/SHA1 Signature, key ID 12345678: NOKEY")
        }
        #expect(throws: RpmSignatureError.bad("/m/b.rpm-1-1.noarch", "/m")) {
            try judge("Header V4 RSA/SHA256 Signature, key ID 2f86d6a1: BAD")
        }
        #expect(throws: RpmSignatureError.bad("/m/b.rpm-1-1.noarch", "/m")) { try judge("Header SHA256 digest: OK") }
    }
}
