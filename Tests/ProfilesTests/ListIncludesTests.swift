import Profiles
import SystemPackage
import Testing

@Suite struct ListIncludesTests {
    private func includes(_ text: String) -> ListIncludes { ListIncludes(Array(text.utf8), variables: "V=a,W=/w") }

    @Test func `names are relative to the folder, and variables have values`() {
        let found = includes("x\n #INCLUDE:$V.lst#\r\n#INCLUDE:${W}/b#\n#INCLUDE:#\n##INCLUDE:c#\n").paths(from: "/top")
        #expect(found == ["/top/a.lst", "/w/b"])
    }

    @Test func `lines end where they do for the package list`() {
        for end in ["\n", "\r", "\r\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            let text = "x\(end)#INCLUDE:a#\(end) #INCLUDE:$V\u{e9}#\(end)\t#ENV:A=1  B=#2 C#\(end)y"
            #expect(includes(text).paths(from: "/top") == ["/top/a", "/top/a\u{e9}"])
            #expect(Pkglist.variables(inList: Array(text.utf8)) == ["A=1", "B=#2", "C"])
        }
        for text in ["#ENV", "#ENV:", ""] { #expect(Pkglist.variables(inList: Array(text.utf8)).isEmpty) }
        #expect(Pkglist.variables(inList: Array("x #ENV:A=1#\n#ENV:A=1\n".utf8)).isEmpty)
    }

    @Test func `names of files that moved change, every other byte stays`() {
        let bytes: [UInt8] = Array("./caf".utf8) + [0xe9, 0x0a] + Array("#INCLUDE:/w/b#\n#INCLUDE:sub/c#\n".utf8)
        let moved = ListIncludes(bytes, variables: "").moved(from: "/top") { FilePath("\($0).new") }
        #expect(
            moved.bytes == Array("./caf".utf8) + [0xe9, 0x0a] + Array("#INCLUDE:/w/b.new#\n#INCLUDE:sub/c.new#\n".utf8))
        #expect(moved.left.isEmpty)
    }

    @Test func `a name that a variable gives is left and told`() {
        let moved = includes("#INCLUDE:$V#\n#INCLUDE:$W/b#\n").moved(from: "/top") { FilePath("\($0).new") }
        #expect(moved.bytes == Array("#INCLUDE:$V#\n#INCLUDE:$W/b.new#\n".utf8))
        #expect(moved.left == ["/top/a"])
        #expect(includes("#INCLUDE:a#\n").moved(from: "/top") { _ in nil }.bytes == nil)
    }
}
