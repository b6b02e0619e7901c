import Settings
import Testing

@Suite struct ConfigTextTests {
    @Test func `sections, subsections, quotes and continuations are read as Git reads them`() throws {
        let text = """
            # comment
            [core]
                editor = vi   ; trailing
                Flag
            [hook "site.Backup"]
                command = "a b" \\
             c
                event = post-packimage
            """
        let entries = try ConfigText(text, name: "f").entries
        #expect(
            entries.map(\.key) == ["core.editor", "core.flag", "hook.site.Backup.command", "hook.site.Backup.event"])
        #expect(entries.map(\.value) == ["vi", nil, "a b  c", "post-packimage"])
        #expect(entries[0].origin == "f:3")
    }

    @Test(arguments: ["[core", "key = value", "[a]\nb = \"open", "[a \"b]\nc=1", "[a]\n= 1"])
    func `a line that is not understood names file and line`(text: String) {
        #expect(throws: ConfigError.self) { try ConfigText(text, name: "f") }
    }

    @Test func `later places win and the last value counts`() throws {
        let machine = Configuration(try ConfigText("[pack]\nlevel = 3\nlevel = 4", name: "machine").entries)
        let all = machine.overruled(by: try .words(["pack.level=9", "pack.fast"], origin: "-c"))
        #expect(machine["pack.level"] == "4")
        #expect(try all.number("Pack.Level") == 9)
        #expect(try all.boolean("pack.fast") == true)
    }
}
