import Profiles
import Support
import SystemPackage
import TestSupport
import Testing

@Suite(.scratchDirectory) struct PkglistTests {
    /// `pass operation name[@repository]` of each request.
    private func expand(_ text: String, as kind: Pkglist.Kind = .packages, variables: Environment = Environment())
        throws -> [String]
    {
        let file = try Scratch.write(text, to: "top.pkglist")
        return try Pkglist.expand([file], as: kind, variables: variables).requests.map(Self.told)
    }

    private static func told(_ request: PackageRequest) -> String {
        "\(request.pass) \(request.operation.rawValue) \(request.name)"
            + (request.repository.isEmpty ? "" : "@\(request.repository)")
    }

    @Test func `blank lines and comments are nothing`() throws {
        #expect(try expand("\n# a comment\n  # another\n\t\nbash\n") == ["1 install bash"])
    }

    @Test(arguments: [
        ("a,b", ["a", "b"]), ("a, b ,c,", ["a", "b", "c"]), ("openssl vim", ["openssl", "vim"]), ("a\tb", ["a", "b"]),
        ("a # the rest, is a comment", ["a"]), ("a #b", ["a"]), ("g++", ["g++"]), ("libstdc++6", ["libstdc++6"]),
        ("@Development Tools, gcc", ["@Development Tools", "gcc"]), ("@core # minimal", ["@core"]),
    ])
    func `entries of a line`(line: String, names: [String]) throws {
        #expect(try expand(line + "\n") == names.map { "1 install \($0)" })
    }

    @Test func `a file with CRLF and without a last newline is read as people expect`() throws {
        #expect(try expand("a\r\nb # c\r\n#NEW_INSTALL_LIST#\r\nd") == ["1 install a", "1 install b", "2 install d"])
    }

    @Test func `removals stand before and after the installations of their pass`() throws {
        #expect(try expand("-old\n--late\nnew\n") == ["1 remove old", "1 remove-after late", "1 install new"])
    }

    @Test func `a folder counts in otherpkglists only`() throws {
        #expect(
            try expand("sub/dir/tool\n-sub/gone\n", as: .others) == ["1 install tool@sub/dir", "1 remove gone@sub"])
        #expect(try expand("sub/dir/tool\n") == ["1 install tool"])
    }

    @Test func `variables belong to their pass`() throws {
        #expect(
            try expand("#ENV:A=1 B=two#\na\n#NEW_INSTALL_LIST#\n#ENV:C=#\nb\n") == [
                "1 env A=1", "1 env B=two", "1 install a", "2 env C=", "2 install b",
            ])
    }

    @Test func `includes are relative to the top list and pass marks reach beyond them`() throws {
        try Scratch.write("#INCLUDE:sub/second#\nx\n#NEW_INSTALL_LIST#\ny\n", to: "sub/first")
        try Scratch.write("deep\n", to: "sub/second")
        #expect(
            try expand("#INCLUDE:sub/first#\nz\n") == ["1 install deep", "1 install x", "2 install y", "2 install z"])
    }

    @Test func `includes expand variables of the environment`() throws {
        try Scratch.write("here\n", to: "lists/a.list")
        let variables = Environment(["WHERE": "lists", "NAME": "a"])
        #expect(try expand("#INCLUDE:$WHERE/${NAME}.list#\n", variables: variables) == ["1 install here"])
    }

    @Test func `a missing include names file and line`() throws {
        let file = try Scratch.write("bash\n#INCLUDE:nosuch#\n", to: "top.pkglist")
        let missing = Scratch.directory.joined("nosuch")
        #expect(throws: PkglistError.includeNotFound(missing, file: file, line: 2)) { try Pkglist.expand([file]) }
        let text = PkglistError.includeNotFound("/a/b", file: "/a/c", line: 7).description
        #expect(text == "included package list not found: '/a/b': create it, or correct the #INCLUDE at /a/c:7")
    }

    @Test func `an include loop names file and line`() throws {
        let file = try Scratch.write("#INCLUDE:other#\n", to: "top.pkglist")
        let other = try Scratch.write("\n\n#INCLUDE:top.pkglist#\n", to: "other")
        #expect(throws: PkglistError.includeLoop(file, file: other, line: 3)) { try Pkglist.expand([file]) }
    }

    @Test func `the same file may be included twice`() throws {
        try Scratch.write("a\n", to: "part")
        #expect(try expand("#INCLUDE:part#\n#NEW_INSTALL_LIST#\n#INCLUDE:part#\n") == ["1 install a", "2 install a"])
    }

    @Test func `each list of several begins with pass 1`() throws {
        let first = try Scratch.write("a\n#NEW_INSTALL_LIST#\nb\n", to: "first")
        let second = try Scratch.write("c\n#NEW_INSTALL_LIST#\nd\n", to: "second")
        #expect(
            try Pkglist.expand([first, second]).requests.map(Self.told) == [
                "1 install a", "1 install c", "2 install b", "2 install d",
            ])
    }

    @Test func `a line that only looks like a directive is told`() throws {
        let file = try Scratch.write("#INCLUDE: spaced#\n#ENV:A=1\nbash\n", to: "top.pkglist")
        let expansion = try Pkglist.expand([file])
        #expect(expansion.requests.map(Self.told) == ["1 install bash"])
        #expect(expansion.suspicious == ["\(file.printable):1: #INCLUDE: spaced#", "\(file.printable):2: #ENV:A=1"])
    }

    @Test(arguments: ["-", "--", "---x", "../escape/x", "a/"]) func `what is no name is refused`(entry: String) throws {
        let file = try Scratch.write(entry + "\n", to: "top.pkglist")
        #expect(throws: PkglistError.badName(entry, file: file, line: 1)) { try Pkglist.expand([file], as: .others) }
    }

    @Test func `bad variables are refused`() throws {
        let file = try Scratch.write("#ENV:1A=2#\n", to: "top.pkglist")
        #expect(throws: PkglistError.badVariable("1A=2", file: file, line: 1)) { try Pkglist.expand([file]) }
    }

    @Test func `a record is read back as it was`() throws {
        let request = PackageRequest(
            pass: 3, operation: .removeAfter, name: "x", repository: "r/s", file: "/a dir/l:st", line: 12)
        #expect(String(decoding: request.record, as: UTF8.self) == "3\tremove-after\tx\tr/s\t/a dir/l:st:12")
        #expect(PackageRequest(record: request.record) == request)
        #expect(PackageRequest(record: Array("1\tinstall\tx\t".utf8)) == nil)
        #expect(PackageRequest(record: Array("0\tinstall\tx\t\tf:1".utf8)) == nil)
    }

    @Test func `the command prints records, others after the lists`() throws {
        let list = try Scratch.write("bash\n", to: "a.pkglist")
        let other = try Scratch.write("x/tool\n", to: "b.otherpkgs")
        let result = try Catboat()("pkglist-expand", "--other", Word(other), Word(list))
        #expect(
            result
                == Catboat.Result(
                    status: 0,
                    stdout: "1\tinstall\tbash\t\t\(list.printable):1\n2\tinstall\ttool\tx\t\(other.printable):1\n",
                    stderr: ""))
        let json = try Catboat()("pkglist-expand", "--json", Word(list))
        #expect(
            json.stdout
                == "{\"packages\":[{\"file\":\"\(list.printable)\",\"line\":1,\"name\":\"bash\",\"operation\":\"install\",\"pass\":1,\"repository\":\"\"}],\"version\":1}\n"
        )
        let missing = try Catboat()("pkglist-expand", "/nosuch/list")
        #expect(
            missing
                == Catboat.Result(
                    status: 128, stdout: "",
                    stderr:
                        "pkglist-expand: error: package list not found: '/nosuch/list': create it, or name another list\n"
                ))
        #expect(try Catboat()("pkglist-expand").status == 129)
    }
}
