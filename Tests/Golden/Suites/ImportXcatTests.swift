import Support
import SystemPackage
import Tables
import TestSupport
import Testing

/// A site of xCAT comes over whole, and what ours has no place for is kept and told.
@Suite(.scratchDirectory) struct ImportXcatTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory.joined("root")) }

    /// A dump as other releases write it: all recorded tables, with columns and tables more and fewer.
    private func foreignDump() throws -> FilePath {
        let folder = Scratch.directory.joined("dump")
        try folder.createDirectories()
        for suite in ["initial", "after-setup"] {
            let source = GoldenRecord.folder.joined("tabdump").joined(FilePath(suite))
            for name in try source.directoryNames() {
                let table = name.printable.dropFirst("tabdump-".count)
                try AtomicFile.write(
                    try source.joined(name).readBytes(), to: folder.joined(FilePath(String(table))))
            }
        }
        try Scratch.write(
            "#key,value,tier,comments,disable\n\"master\",\"10.1.0.1\",\"gold\",,\n\"domain\",\"x.test\",,,\"yes\"\n",
            to: "dump/site.csv")
        try Scratch.write(
            "#node,speed,remark\n\"n1\",\"fast\",\"says \"\"hi\"\", twice\"\n\"n2\",,\"two\nlines\"\n",
            to: "dump/racing.csv")
        try Scratch.write("#node,groups\n\"n1\",\"all\"\n", to: "dump/nodelist.csv")
        try Scratch.write("#recid,audittime,command\n\"7\",\"then\",\"lsdef\"\n", to: "dump/auditlog.csv")
        try Scratch.directory.joined("root").createDirectories()
        return folder
    }

    /// The records of a table file as column and value pairs, so that the order of columns does not matter.
    private func contents(_ file: FilePath) throws -> [[String: String]] {
        let rows = try TableRows(file)
        return rows.records.map { Dictionary(uniqueKeysWithValues: zip(rows.columns, $0).filter { !$0.1.isEmpty }) }
    }

    @Test(arguments: ["restorexCATdb", "import-xcat"])
    func `a dump of another release comes back with the same rows`(verb: String) throws {
        let dump = try foreignDump()
        let words: [Word] = verb == "import-xcat" ? ["-a", Word(dump)] : ["-a", "-p", Word(dump)]
        let result = try catboat.run(verb, words)
        #expect(result.status == 0, "\(result.stderr)")
        #expect(result.stderr.contains("There is no table 'racing' here: its 2 rows are kept for dumps only."))
        #expect(result.stderr.contains("There is no column 'tier' in table 'site' here: it is kept for dumps only."))
        let again = Scratch.directory.joined("again")
        #expect(try catboat("dumpxCATdb", "-a", "-p", Word(again)).status == 0)
        for name in try dump.directoryNames() {
            #expect(try contents(again.joined(name)) == contents(dump.joined(name)), "\(name.printable)")
        }
        #expect(
            try catboat("tabdump", "racing").stdout
                == "#node,speed,remark\n\"n1\",\"fast\",\"says \"\"hi\"\", twice\"\n\"n2\",,\"two\nlines\"\n")
    }

    @Test func `one bad file of a dump leaves everything as it was`() throws {
        let dump = try foreignDump()
        try Scratch.write("#node,groups\n\"n1\",\"a\u{1}b\"\n", to: "dump/nodelist.csv")
        let result = try catboat("import-xcat", Word(dump))
        #expect(result.status == 128)
        #expect(
            result.stderr.contains("nodelist.csv: Control character in column 'groups' on line 0")
                || result.stderr.contains("nodelist: Control character in column 'groups' on line 0"),
            "\(result.stderr)")
        #expect(try catboat("tabdump", "site").stdout == "#key,value,comments,disable\n")
    }

    @Test func `a dry run changes nothing`() throws {
        let dump = try foreignDump()
        let result = try catboat("import-xcat", "-n", Word(dump))
        #expect(result.status == 0 && result.stdout.hasPrefix("would import "))
        #expect(
            try catboat("tabdump", "nodelist").stdout == "#node,groups,status,statustime,appstatus,"
                + "appstatustime,primarysn,hidden,updatestatus,updatestatustime,zonename,comments,disable\n")
    }

    @Test func `a running xCAT's own files are read and stay as they are`() throws {
        guard Tool.isInstalled("sqlite3") else { return }
        let folder = Scratch.directory.joined("root/etc/xcat")
        try folder.createDirectories()
        let statements = [
            "site": "CREATE TABLE site (key TEXT, value TEXT, comments TEXT, disable TEXT, PRIMARY KEY (key));"
                + "INSERT INTO site VALUES ('domain','x.test','',NULL), ('q','a''b \"c\"',NULL,'')",
            "nodelist":
                "CREATE TABLE nodelist (node TEXT, groups TEXT, mood TEXT); INSERT INTO nodelist VALUES ('n1','all','good')",
            "myown": "CREATE TABLE myown (a TEXT, b TEXT); INSERT INTO myown VALUES ('1', NULL), ('2', 'x')",
            "unused": "",
        ]
        for (name, text) in statements {
            _ = try Tool("sqlite3", [Word(folder.joined("\(name).sqlite")), Word(text)]).output()
        }
        let before = try folder.directoryNames().map { try folder.joined($0).readBytes() }
        let result = try catboat("import-xcat", "--live")
        #expect(result.status == 0 && result.stdout == "imported 3 tables with 5 rows\n", "\(result)")
        #expect(try folder.directoryNames().map { try folder.joined($0).readBytes() } == before)
        #expect(try catboat("lsdef", "n1", "-i", "groups", "-c").stdout == "n1: groups=all\n")
        #expect(try catboat("tabdump", "myown").stdout == "#a,b\n\"1\",\n\"2\",\"x\"\n")
        #expect(try catboat("tabdump", "site").stdout.contains("\"q\",\"a'b \"\"c\"\"\",,\n"))
    }

    @Test func `a damaged file and one with a write-ahead log are refused by name`() throws {
        let folder = Scratch.directory.joined("live")
        try Scratch.directory.joined("root").createDirectories()
        try Scratch.write(String(repeating: "no database\n", count: 100), to: "live/site.sqlite")
        let damaged = try catboat("import-xcat", "--live", Word(folder))
        #expect(damaged.status == 128 && damaged.stderr.contains("not a store, or damaged: '\(folder)/site.sqlite'"))
        guard Tool.isInstalled("sqlite3") else { return }
        try folder.joined("site.sqlite").removeFile()
        _ = try Tool(
            "sqlite3", [Word(folder.joined("site.sqlite")), "PRAGMA journal_mode=WAL; CREATE TABLE site (key TEXT)"]
        ).output()
        let log = try catboat("import-xcat", "--live", Word(folder))
        #expect(log.status == 128 && log.stderr.contains("it has a write-ahead log"), "\(log.stderr)")
    }

    @Test func `cells and rows of a running xCAT that cannot be read are named`() throws {
        guard Tool.isInstalled("sqlite3") else { return }
        let folder = Scratch.directory.joined("live")
        try folder.createDirectories()
        try Scratch.directory.joined("root").createDirectories()
        func write(_ name: String, _ text: Word) throws {
            _ = try Tool("sqlite3", [Word(folder.joined(FilePath("\(name).sqlite"))), text]).output()
        }
        try write("site", "CREATE TABLE site (key TEXT, value TEXT); INSERT INTO site VALUES ('a','1'), (NULL,'2')")
        try write("other", "CREATE TABLE something (x TEXT)")
        let result = try catboat("import-xcat", "--live", Word(folder))
        #expect(result.status == 0 && result.stdout == "imported 1 tables with 1 rows\n", "\(result)")
        #expect(
            result.stderr == "Warning: '\(folder)/other.sqlite' has no table 'other': it was left out.\n"
                + "Warning: Row 2 of the table 'site' has no key: it was left out.\n")
        try write("site", "INSERT INTO site VALUES ('c', CAST(x'636166e9' AS TEXT))")
        let refused = try catboat("import-xcat", "--live", Word(folder))
        #expect(refused.status == 128, "\(refused)")
        #expect(
            refused.stderr.hasSuffix(
                "import-xcat: error: text is not UTF-8: 'site.value, row 3': write it again: "
                    + "sqlite3 \(folder)/site.sqlite \"UPDATE site SET value='…' WHERE rowid=3\"\n"), "\(refused)")
    }

    @Test func `what is wrong with a stanza names object and line`() throws {
        try Scratch.directory.joined("root").createDirectories()
        let file = try Scratch.write(
            """
            r1:
                objtype=route

            m1:
                objtype=motor
                speed=3

            n1:
                objtype=node
                groups=all
                sped=3

            n2:
                objtype=node
                groups=all
                bmc=10.0.0.1

            n3:
                objtype=node
                groups=all

            """, to: "site.stanza")
        let result = try catboat("import-xcat", Word(file))
        #expect(result.status == 128 && result.stdout == "imported 2 objects\n", "\(result)")
        for told in [
            "route 'r1' on line 1 has no attributes: left out", "object 'm1' on line 4: no such objtype: motor",
            "node 'n1' on line 8: 'sped' is not a valid attribute name for an object type of 'node'.",
            "node 'n2' on line 13: ",
        ] {
            #expect(result.stderr.contains(told), "\(told): \(result.stderr)")
        }
        #expect(try catboat("nodels").stdout == "n1\nn3\n")
    }

    @Test func `only paths of xCAT's folder are replaced`() throws {
        let share = "root/opt/xcat/share/xcat/netboot/rh"
        try Scratch.write("bash\n", to: "\(share)/a.pkglist")
        let path = "/opt/xcat/share/xcat/netboot/rh/a.pkglist"
        let custom = "/install/custom/netboot/rh/a.pkglist"
        let values = [
            "http://mirror\(path)": "http://mirror\(path)", "/backup\(path)": "/backup\(path)",
            "host:\(path)": "host:\(path)", "dud:\(path),rpm:\(path)": "dud:\(custom),rpm:\(custom)",
            "\(path) x;\(path)|'\(path)'": "\(custom) x;\(custom)|'\(custom)'", "a=\(path)": "a=\(custom)",
        ]
        let rows = values.keys.sortedByBytes()
        try Scratch.write(
            "#imagename,pkgdir\n" + rows.enumerated().map { "\"i\($0)\",\"\($1)\"\n" }.joined(),
            to: "dump/linuximage.csv")
        #expect(try catboat("import-xcat", Word(Scratch.directory.joined("dump"))).status == 0)
        for (number, value) in rows.enumerated() {
            let got = try catboat("table-get", "linuximage", "i\(number)", "-c", "pkgdir").stdout
            #expect(got == "\(values[value] ?? "")\n")
        }
    }

    @Test func `stanzas make nodes before the groups that name them`() throws {
        try Scratch.directory.joined("root").createDirectories()
        let file = try Scratch.write(
            """
            # <xCAT data object stanza file>

            rack:
                objtype=group
                grouptype=static
                members=n1,n2
                mgt=ipmi

            n1:
                objtype=node
                groups=all,rack

            n2:
                objtype=node
                groups=all,rack

            """, to: "site.stanza")
        let result = try catboat("import-xcat", Word(file))
        #expect(result == Catboat.Result(status: 0, stdout: "imported 3 objects\n", stderr: ""))
        #expect(try catboat("lsdef", "rack", "-i", "mgt", "-c").stdout == "n1: mgt=ipmi\nn2: mgt=ipmi\n")
    }

    @Test func `what lsdef writes is imported as it was`() throws {
        let cluster = try PeerCluster.base(in: Scratch.directory.joined("root"))
        let types: Word = "node,osimage,network,route,policy"
        let text = try cluster.catboat("lsdef", "-t", types, "-l", "-z").stdout
        let file = try Scratch.write(text, to: "all.stanza")
        try Scratch.directory.joined("other").createDirectories()
        let other = Catboat(root: Scratch.directory.joined("other"))
        let result = try other("import-xcat", Word(file))
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try other("lsdef", "-t", types, "-l", "-z").stdout == text)
    }

    @Test func `files of xCAT are copied with their includes, replaced by ours, or told`() throws {
        let share = "root/opt/xcat/share/xcat/netboot/rh"
        try Scratch.write(
            "#INCLUDE:base.pkglist#\n#INCLUDE:/opt/xcat/share/xcat/netboot/rh/extra.pkglist#\nbash\n",
            to: "\(share)/compute.rhels9.x86_64.pkglist")
        try Scratch.write("glibc\n", to: "\(share)/base.pkglist")
        try Scratch.write("vim\n", to: "\(share)/extra.pkglist")
        try Scratch.write("#!/bin/sh\n", to: "\(share)/compute.postinstall", permissions: 0o755)
        try Scratch.write("/usr/share/doc\n", to: "\(share)/compute.exlist")
        try Scratch.write("other\n", to: "root/install/custom/netboot/rh/compute.exlist")
        let prefix = "/opt/xcat/share/xcat/netboot"
        try Scratch.write(
            """
            #imagename,pkglist,otherpkglist,exlist,postinstall,comments
            "img","\(prefix)/rh/compute.rhels9.x86_64.pkglist,/install/my.pkglist","\(prefix)/rh/gone.pkglist",\
            "\(prefix)/rh/compute.exlist","\(prefix)/rh/compute.postinstall arg","\(prefix)/rh/compute.exlist"
            "deb","\(prefix)/debian/compute.debian12.x86_64.pkglist",,"\(prefix)/debian/compute.exlist",,

            """.replacing(",,\n\n", with: ",,\n"), to: "dump/linuximage.csv")
        let result = try catboat("import-xcat", Word(Scratch.directory.joined("dump")))
        #expect(result.status == 0, "\(result.stderr)")
        let custom = "/install/custom/netboot/rh"
        let expected = [
            "pkglist=\(custom)/compute.rhels9.x86_64.pkglist,/install/my.pkglist",
            "otherpkglist=\(prefix)/rh/gone.pkglist",
            "exlist=\(prefix)/rh/compute.exlist", "postinstall=\(custom)/compute.postinstall arg",
            "comments=\(prefix)/rh/compute.exlist",
        ]
        for pair in expected {
            let (column, value) = (pair.prefix { $0 != "=" }, pair.drop { $0 != "=" }.dropFirst())
            let got = try catboat("table-get", "linuximage", "img", "-c", Word(String(column))).stdout
            #expect(got == value + "\n")
        }
        #expect(
            try catboat("table-get", "linuximage", "deb", "-c", "pkglist").stdout
                == "\(prefix)/debian/compute.pkglist\n")
        let folder = Scratch.directory.joined("root\(custom)")
        #expect(
            try folder.joined("compute.rhels9.x86_64.pkglist").readText()
                == "#INCLUDE:base.pkglist#\n#INCLUDE:\(custom)/extra.pkglist#\nbash\n")
        #expect(try folder.joined("base.pkglist").readText() == "glibc\n")
        #expect(try folder.joined("extra.pkglist").readText() == "vim\n")
        #expect(try folder.joined("compute.postinstall").status()?.permissions == 0o755)
        #expect(try folder.joined("compute.exlist").readText() == "other\n")
        for told in ["'\(custom)/compute.exlist' is there and differs", "nothing like it", "takes its place"] {
            #expect(result.stderr.contains(told), "\(result.stderr)")
        }
    }

    @Test(
        arguments: [
            ([], 129), (["/nonexistent"], 128), (["--live", "/nonexistent"], 128),
        ] as [([Word], CInt)])
    func `nothing to import is an error`(words: [Word], status: CInt) throws {
        try Scratch.directory.joined("root").createDirectories()
        let result = try catboat.run("import-xcat", words)
        #expect(result.status == status && result.stderr.hasPrefix("import-xcat: error: "), "\(result)")
    }
}

/// A table file taken apart.
private struct TableRows {
    var columns: [String]
    var records: [[String]]

    init(_ file: FilePath) throws {
        let rows = try TableCSVReader.rows(try file.readText())
        columns = rows[0]
        records = rows.dropFirst().map { row in row + Array(repeating: "", count: max(0, rows[0].count - row.count)) }
    }
}
