import Support
import SystemPackage
import TestSupport
import Testing

/// What is kept of a row for other xCATs goes where the row goes, and away with it.
@Suite(.scratchDirectory) struct KeptCellsTests {
    private func site(_ kind: StoreKind) throws -> Catboat {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        try Scratch.write(
            "#node,groups,mood\n\"n1\",\"all\",\"good\"\n\"n2\",\"all\",\"bad\"\n", to: "dump/nodelist.csv")
        try Scratch.write("#node,switch,port,speed\n\"n1\",\"s1\",\"4\",\"10g\"\n", to: "dump/switch.csv")
        let made = try catboat("restorexCATdb", "-p", "\(Scratch.directory)/dump")
        try #require(made.status == 0, "\(made)")
        return catboat
    }

    /// Node and kept value of each row that has one.
    private func kept(_ catboat: Catboat, _ table: String = "nodelist") throws -> [String] {
        let folder = Scratch.directory.joined("out")
        #expect(try catboat("dumpxCATdb", "-p", Word(folder)).status == 0)
        let lines = try folder.joined(FilePath("\(table).csv")).readText().split(separator: "\n")
        return lines.dropFirst().compactMap { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            return fields[fields.count - 1].isEmpty ? nil : "\(fields[0])\(fields[fields.count - 1])"
        }
    }

    @Test(arguments: StoreKind.available)
    func `a renamed node keeps them, a new one of the old name has none`(kind: StoreKind) throws {
        let catboat = try site(kind)
        #expect(try kept(catboat) == ["\"n1\"\"good\"", "\"n2\"\"bad\""])
        #expect(try catboat("chdef", "n1", "-n", "n9").status == 0)
        #expect(try kept(catboat) == ["\"n9\"\"good\"", "\"n2\"\"bad\""])
        #expect(try kept(catboat, "switch") == ["\"n9\"\"10g\""])
        #expect(try catboat("nodeadd", "n1", "groups=all").status == 0)
        #expect(try kept(catboat) == ["\"n9\"\"good\"", "\"n2\"\"bad\""])
        #expect(try catboat("chdef", "n2", "-n", "n3").status == 0)
        #expect(try kept(catboat) == ["\"n9\"\"good\"", "\"n3\"\"bad\""])
    }

    @Test(arguments: StoreKind.available)
    func `they go with their row`(kind: StoreKind) throws {
        let catboat = try site(kind)
        #expect(try catboat("rmdef", "n1").status == 0)
        #expect(try catboat("nodeadd", "n1", "groups=all").status == 0)
        #expect(try kept(catboat) == ["\"n2\"\"bad\""])
        #expect(try kept(catboat, "switch") == [])
        #expect(try catboat("mkdef", "-f", "n2", "groups=all").status == 0)
        #expect(try kept(catboat) == [])
    }

    @Test(arguments: StoreKind.available)
    func `a table that is restored or edited keeps those of the rows that stay`(kind: StoreKind) throws {
        var catboat = try site(kind)
        let file = try Scratch.write("#node,groups\n\"n2\",\"x\"\n\"n3\",\"x\"\n", to: "nodelist.csv")
        #expect(try catboat("tabrestore", Word(file)).status == 0)
        #expect(try kept(catboat) == ["\"n2\"\"bad\""])
        let editor = try Scratch.write("#!/bin/sh\nsed -i s/x/y/ \"$1\"\n", to: "edit")
        try editor.changePermissions(0o755)
        catboat.environment["EDITOR"] = Word(editor)
        catboat.environment["VISUAL"] = Word(editor)
        #expect(try catboat("tabedit", "nodelist").status == 0)
        #expect(try kept(catboat) == ["\"n2\"\"bad\""])
        #expect(try catboat("nodels", "n2", "groups").stdout == "n2: y\n")
    }
}
