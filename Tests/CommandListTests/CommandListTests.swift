import CommandList
import Testing

@Suite struct CommandListTests {
    @Test func `entries are sorted and unique`() {
        let names = CommandList.entries.map(\.name)
        #expect(names == Array(Set(names)).sorted())
    }

    @Test func `a mistyped name finds the nearest command`() {
        #expect(CommandList.similar(to: "hlep").first == "help")
        #expect(CommandList.similar(to: "xyzzyqwert").isEmpty)
    }
}
