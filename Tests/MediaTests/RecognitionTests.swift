import Support
import TestSupport
import Testing

@testable import Media

/// A medium that consists of a few texts.
func facts(_ files: [String: String]) -> MediumFacts {
    MediumFacts(
        text: { files[$0] }, has: { files[$0] != nil },
        names: { folder in
            let prefix = folder.isEmpty ? "" : folder + "/"
            let names = files.keys.filter { $0.hasPrefix(prefix) }.map {
                String($0.dropFirst(prefix.count).prefix { $0 != "/" })
            }
            return Set(names).sorted()
        })
}

@Suite struct DebianRecognitionTests {
    @Test(arguments: [
        (
            "Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 DVD Binary-1 with firmware 20240210-11:28",
            "debian12.5.0", "x86_64", "amd64", "Binary-1"
        ),
        (
            "Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 NETINST with firmware 20240210-11:27",
            "debian12.5.0", "x86_64", "amd64", ""
        ),
        (
            "Debian GNU/Linux testing \"Trixie\" - Official Snapshot arm64 NETINST 20240210-11:27",
            "debiantesting", "arm64", "arm64", ""
        ),
        (
            "Debian GNU/Linux 11.9.0 \"Bullseye\" - Official i386 DVD Binary-2 20240210-11:28",
            "debian11.9.0", "x86", "i386", "Binary-2"
        ),
        (
            "Ubuntu-Server 22.04.3 LTS \"Jammy Jellyfish\" - Release amd64 (20230810)", "ubuntu22.04.3", "x86_64",
            "amd64", ""
        ),
        (
            "Ubuntu-Server 23.10 \"Mantic Minotaur\" - Release ppc64el (20231011)", "ubuntu23.10", "ppc64el", "ppc64el",
            ""
        ),
        ("Ubuntu 20.04.6 LTS \"Focal Fossa\" - Release arm64 (20230316)", "ubuntu20.04.6", "arm64", "arm64", ""),
    ])
    func `the line of disk info gives everything`(
        line: String, name: String, arch: String, native: String, disc: String
    ) throws {
        let found = try #require(try Recognition.identify(facts([".disk/info": line]), Claim()))
        #expect([found.name, found.arch, found.nativeArch, found.disc] == [name, arch, native, disc])
        #expect(found.family == .debian)
        #expect(found.isNetinst == line.contains("NETINST"))
    }

    private let bookworm = [
        ".disk/info": "Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 DVD Binary-1 x",
        "dists/bookworm/Release": "Codename: bookworm\nComponents: main contrib\n",
    ]

    @Test func `codename and components come from the Release file`() throws {
        let found = try Recognition.identify(facts(bookworm), Claim())
        #expect(found?.codename == "bookworm")
        #expect(found?.components == ["main", "contrib"])
    }

    @Test func `both spellings of the architecture may be claimed and are kept`() throws {
        #expect(try Recognition.identify(facts(bookworm), Claim(arch: "x86_64"))?.arch == "x86_64")
        #expect(try Recognition.identify(facts(bookworm), Claim(arch: "amd64"))?.arch == "amd64")
        #expect(throws: RecognitionRefusal.otherArchitecture(product: "Debian", wanted: "ppc64", found: "x86_64")) {
            try Recognition.identify(facts(bookworm), Claim(arch: "ppc64"))
        }
    }

    @Test func `a name of another family is not this medium`() throws {
        #expect(try Recognition.identify(facts(bookworm), Claim(name: "Debian-mine"))?.name == "Debian-mine")
        #expect(try Recognition.identify(facts(bookworm), Claim(name: "nosuchos")) == nil)
    }

    @Test(arguments: ["../../etc", "a/b", "", "-x", "12\u{1b}[2J"])
    func `a name that is no folder name is refused`(version: String) throws {
        let medium = facts([".disk/info": "Debian GNU/Linux \(version) \"X\" - Official amd64 DVD Binary-1"])
        let found = try? Recognition.identify(medium, Claim())
        #expect(found == nil || found?.name == "debian-x")
        #expect(throws: RecognitionRefusal.unsafeName("debian/../x")) {
            try Recognition.identify(facts(bookworm), Claim(name: "debian/../x"))
        }
    }

    @Test func `live and legacy media are told apart`() throws {
        var files = [".disk/info": "Ubuntu-Server 20.04.6 LTS \"Focal Fossa\" - Release amd64 (20230316)"]
        files["install/vmlinuz"] = ""
        #expect(try Recognition.identify(facts(files), Claim())?.isLegacy == true)
        files["casper/filesystem.squashfs"] = ""
        #expect(try Recognition.identify(facts(files), Claim())?.isLive == true)
    }
}
