import Support
import SystemPackage
import TestSupport
import Testing

/// What the object commands do where no recording tells.
@Suite(.scratchDirectory) struct DefinitionCommandTests {
    private func site(_ kind: StoreKind = .sqlite) throws -> Catboat {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        let made = try catboat("mkdef", "n1-n3", "groups=ga,gb", "os=rocky9", "mgt=ipmi", "bmc=10.0.0.1")
        try #require(made.status == 0, "\(made)")
        return catboat
    }

    private func warning(_ words: Word..., of catboat: Catboat) throws -> String {
        let result = try catboat.run(words[0].description, Array(words.dropFirst()))
        #expect(result.status == 0, "\(result)")
        return result.stderr
    }

    @Test(arguments: StoreKind.available)
    func `rmdef -f -a removes nodes together with their groups`(kind: StoreKind) throws {
        let catboat = try site(kind)
        try catboat("mkdef", "-t", "group", "ga", "netboot=xnba", "-f")
        try catboat("chdef", "-t", "site", "domain=x.test")
        let result = try catboat("rmdef", "-f", "-a")
        #expect(result == Catboat.Result(status: 0, stdout: "5 object definitions have been removed.\n", stderr: ""))
        #expect(try catboat("lsdef", "-a").stdout == "clustersite (site)\n")
    }

    @Test(arguments: StoreKind.available)
    func `a disabled row is told instead of being overwritten`(kind: StoreKind) throws {
        let catboat = try site(kind)
        try catboat("chtab", "node=n2", "nodelist.disable=1")
        let before = try catboat("tabdump", "nodelist").stdout
        let told =
            "Error: A definition for 'n2' exists, but its row in the table 'nodelist' is disabled.\n"
            + "hint: chtab node=n2 nodelist.disable=\n"
            + "Error: One or more errors occured when attempting to create or modify xCAT object definitions.\n"
        #expect(try catboat("mkdef", "n2", "groups=x") == Catboat.Result(status: 1, stdout: "", stderr: told))
        #expect(try catboat("chdef", "n2", "groups=x") == Catboat.Result(status: 1, stdout: "", stderr: told))
        #expect(try catboat("tabdump", "nodelist").stdout == before)
        // Among many objects the tables are read whole.
        #expect(try catboat("mkdef", "n2,m1-m30", "groups=x").stderr == told)
        #expect(try catboat("nodels", "x").stdout.split(separator: "\n").count == 30)
    }

    @Test func `the word NULL empties a column`() throws {
        let catboat = try site()
        #expect(try catboat("chdef", "n1", "os=NULL", "arch=NULL").status == 0)
        #expect(try catboat("chdef", "-z", input: "n2:\n    objtype=node\n    os=NULL\n").status == 0)
        #expect(try catboat("nodech", "n3", "nodetype.os=NULL").status == 0)
        #expect(try catboat("mkdef", "n4", "groups=x", "os=NULL").status == 0)
        #expect(try catboat("chtab", "node=n5", "nodehm.mgt=NULL").status == 0)
        #expect(try !catboat("tabdump", "nodetype").stdout.contains("NULL"))
        #expect(try catboat("lsdef", "n1-n4", "-i", "os", "-c").stdout == "n1: os=\nn2: os=\nn3: os=\nn4: os=\n")
        let refused = try catboat("mkdef", "n6", "groups=NULL")
        #expect(refused.status == 1 && refused.stderr.contains("'groups' is not specified for node 'n6'"))
        // What a file brings back is taken as it is.
        let file = try Scratch.write("#node,os\n\"n1\",\"NULL\"\n", to: "nodetype.csv")
        #expect(try catboat("tabrestore", Word(file)).status == 0)
        #expect(try catboat("gettab", "node=n1", "nodetype.os").stdout == "NULL\n")
    }

    @Test func `an expression that gives nothing is stored with a warning`() throws {
        let catboat = try site()
        let told = "is read as an expression"
        #expect(try warning("chdef", "n1", "bmc=|n(\\d+)|10.0.1.($1+0)|", of: catboat) == "")
        #expect(try warning("chdef", "n1", "bmc=|^.*$||", of: catboat) == "")
        #expect(try warning("chdef", "n1", "nfsdir=/install/images", of: catboat) == "")
        #expect(
            try warning("chdef", "n1", "nfsdir=/install/images/", of: catboat)
                == "Warning: n1: nfsdir '/install/images/' \(told): it does not match 'n1', which becomes the value; "
                + "a path is written without the slash at its end.\n")
        #expect(
            try warning("chdef", "n1", "bmc=|n(\\d|x($1)|", of: catboat)
                == "Warning: n1: bmc '|n(\\d|x($1)|' \(told): bad regular expression: 'n(\\d': '(' without ')'.\n")
        #expect(
            try warning("chdef", "n1", "bmc=|n(\\d+)|x(1+)|", of: catboat)
                == "Warning: n1: bmc '|n(\\d+)|x(1+)|' \(told): "
                + "what stands in parentheses cannot be evaluated for 'n1'.\n")
        // A group's value is for its members: one that it fits is enough.
        #expect(try warning("chdef", "-t", "group", "ga", "ip=|n2|10.0.0.2|", of: catboat) == "")
        #expect(try warning("chdef", "-t", "group", "ga", "ip=|x|y|", of: catboat).contains("does not match 'n1'"))
        #expect(try warning("chdef", "-t", "group", "new", "ip=|x|y|", of: catboat) == "")
        #expect(try warning("nodech", "n1,n2", "hosts.ip=|x|y|", of: catboat).contains("hosts.ip '|x|y|' \(told)"))
        #expect(try warning("nodech", "n1", "hosts.ip=", of: catboat) == "")
        #expect(try catboat("gettab", "node=n1", "ipmi.bmc").stdout == "|n(\\d+)|x(1+)|\n")
    }

    @Test func `names that no stanza can hold are refused`() throws {
        let catboat = try site()
        for name in ["a=b", "#a", " a", "a ", "default-a", "a\tb"] as [Word] {
            let result = try catboat("mkdef", "-t", "route", "-o", name, "net=1.0.0.0")
            #expect(result.status == 1 && result.stderr.contains("is invalid"), "\(result)")
        }
        let image = try catboat("mkdef", "-t", "osimage", "-o", "a/b", "imagetype=linux")
        #expect(image.stderr.hasSuffix("hint: leave out '/', and '-' at the beginning\n"))
        #expect(try catboat("lsdef", "-t", "route,osimage").stdout.hasPrefix("Could not find any object"))
    }

    @Test func `an interface without a name is no attribute`() throws {
        let catboat = try site()
        let result = try catboat("chdef", "n1", "nicips.=1.1.1.1")
        #expect(result.status == 1)
        #expect(result.stderr.hasPrefix("Error: 'nicips.' is not a valid attribute name for an object type of 'node'."))
        #expect(try catboat("chdef", "n1", "nicips.eth0=1.1.1.1").status == 0)
        #expect(try catboat("gettab", "node=n1", "nics.nicips").stdout == "eth0!1.1.1.1\n")
    }

    @Test func `the settings of the site are described`() throws {
        let catboat = Catboat(root: Scratch.directory)
        let all = try catboat("lsdef", "-t", "site", "-h")
        #expect(all.status == 0 && all.stdout.hasPrefix("The valid attribute names for object type 'site' are:\n"))
        for name in ["domain", "excludenodes", "hierarchicalattrs", "installdir", "master", "xcatiport"] {
            #expect(all.stdout.contains("\n\(name):\t"), "\(name)")
        }
        #expect(
            try catboat("lsdef", "-t", "site", "-h", "-i", "domain")
                == Catboat.Result(status: 0, stdout: "\ndomain:\t\tDNS domain.\n\n", stderr: ""))
        #expect(try catboat("lsdef", "-t", "site", "-h", "-i", "nosuch").status == 1)
    }

    @Test func `there is one site, whatever it is called`() throws {
        let catboat = Catboat(root: Scratch.directory)
        let made = try catboat("mkdef", "-t", "site", "clustersite", "domain=a.test")
        #expect(made.stdout == "1 object definitions have been created or modified.\n" && made.status == 0, "\(made)")
        let changed = try catboat("chdef", "-t", "site", "other", "domain=b.test")
        #expect(
            changed
                == Catboat.Result(
                    status: 1, stdout: "1 object definitions have been created or modified.\n",
                    stderr: "Error: Could not find an object named 'other' of type 'site'.\n"))
        #expect(try catboat("tabdump", "site").stdout == "#key,value,comments,disable\n\"domain\",\"b.test\",,\n")
    }

    @Test func `hidden options have prefixes too`() throws {
        let catboat = try site()
        #expect(try catboat("lsdef", "--noc", "n1", "-i", "os", "-c").stdout == "n1: os=rocky9\n")
        #expect(try catboat("lsdef", "--xm").stderr == "Error: The '-x' (XML format) option is not yet implemented.\n")
    }
}
