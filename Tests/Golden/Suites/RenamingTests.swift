import Support
import SystemPackage
import TestSupport
import Testing

/// Names of objects: what follows a new one, and which cannot be had.
@Suite(.scratchDirectory) struct RenamingTests {
    private func site(_ kind: StoreKind = .sqlite) throws -> Catboat {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        for words in [
            ["mkdef", "x1-x3", "groups=all,zz", "os=a"], ["mkdef", "-t", "osimage", "-o", "img", "imagetype=linux"],
        ] as [[Word]] {
            let made = try catboat.run(words[0].description, Array(words.dropFirst()))
            try #require(made.status == 0, "\(made)")
        }
        return catboat
    }

    private func set(_ catboat: Catboat, _ words: [[Word]]) throws {
        for words in words { #expect(try catboat.run("chtab", words).status == 0, "\(words)") }
    }

    @Test(arguments: StoreKind.available)
    func `what names a node follows it`(kind: StoreKind) throws {
        let catboat = try site(kind)
        try set(
            catboat,
            [
                ["node=x2", "noderes.xcatmaster=x1", "noderes.servicenode=x11,x1", "vm.host=x1"],
                ["node=x1", "noderes.xcatmaster=x1"], ["node=x3", "switch.switch=x1", "switch.port=7"],
                ["priority=9", "policy.noderange=x1,x11", "policy.rule=allow"], ["key=excludenodes", "site.value=x1"],
                ["priority=8", "policy.noderange=x1-x2", "policy.rule=allow"],
                ["groupname=dyn", "nodegroup.grouptype=dynamic", "nodegroup.wherevals=servicenode==x1"],
            ])
        try catboat("chtab", "-d", "key=excludenodes", "site")
        try set(catboat, [["key=excludenodes", "site.value=x9,x11"]])
        let result = try catboat("chdef", "x1", "-n", "y1")
        #expect(
            result
                == Catboat.Result(
                    status: 0, stdout: "Changed the object name from x1 to y1.\n",
                    stderr: "Warning: 'x1' stays in policy.noderange of rule '8': 'x1-x2'.\n"
                        + "Warning: 'x1' stays in the selection of the group 'dyn': 'servicenode==x1'.\n"))
        let values = try catboat("nodels", "x2,y1", "noderes.xcatmaster", "noderes.servicenode", "vm.host").stdout
        #expect(
            values == "x2: noderes.xcatmaster: y1\nx2: noderes.servicenode: x11,y1\nx2: vm.host: y1\n"
                + "y1: noderes.xcatmaster: y1\ny1: noderes.servicenode: \ny1: vm.host: \n")
        #expect(try catboat("gettab", "node=x3", "switch.switch").stdout == "y1\n")
        #expect(try catboat("gettab", "priority=9", "policy.noderange").stdout == "y1,x11\n")
        #expect(try catboat("gettab", "priority=8", "policy.noderange").stdout == "x1-x2\n")
    }

    @Test(arguments: StoreKind.available)
    func `what names an image follows it`(kind: StoreKind) throws {
        let catboat = try site(kind)
        try set(
            catboat,
            [
                ["node=x1", "nodetype.provmethod=img", "chain.chain=runcmd=bmcsetup,osimage=img:reboot4deploy,shell"],
                ["image=img", "litefile.file=/x", "litefile.options=ro"],
            ])
        #expect(try catboat("chdef", "-t", "osimage", "img", "-n", "new").status == 0)
        #expect(
            try catboat("gettab", "node=x1", "chain.chain").stdout
                == "runcmd=bmcsetup,osimage=new:reboot4deploy,shell\n")
        #expect(try catboat("gettab", "node=x1", "nodetype.provmethod").stdout == "new\n")
        #expect(try catboat("gettab", "file=/x", "litefile.image").stdout == "new\n")
    }

    @Test func `a name that is taken is one error`() throws {
        let catboat = try site()
        try set(catboat, [["node=zz", "nodehm.mgt=ipmi"], ["node=x3", "nodehm.mgt=ipmi"]])
        func told(_ words: Word...) throws -> String {
            let result = try catboat.run(words[0].description, Array(words.dropFirst()))
            #expect(result.status == 1 && result.stdout == "", "\(result)")
            return result.stderr
        }
        let hint = "hint: choose another name\n"
        #expect(
            try told("chdef", "-t", "group", "zz", "-n", "x3") == "Error: The name 'x3' is taken by a node.\n" + hint)
        #expect(try told("chdef", "x3", "-n", "all") == "Error: The name 'all' is taken by a group.\n" + hint)
        try set(catboat, [["node=left", "nodehm.mgt=ipmi"]])
        #expect(
            try told("chdef", "x3", "-n", "left")
                == "Error: The name 'left' is taken: the table 'nodehm' has a row of it.\n"
                + "hint: choose another name, or remove the row: chtab -d node=left nodehm\n")
        func warning(_ name: String) -> String {
            "Warning: '\(name)' is a node and a group now: in noderanges it means the node alone.\n"
        }
        #expect(try catboat("nodeadd", "own1", "groups=own1,q").stderr == warning("own1"))
        #expect(try catboat("mkdef", "-o", "own2", "groups=own2").stderr == warning("own2"))
        #expect(try catboat("mkdef", "-t", "group", "x2", "members=x1").stderr == warning("x2"))
    }

    @Test func `options that would be lost are refused`() throws {
        let catboat = try site()
        let renamed = try catboat("chdef", "x1", "-n", "x9", "os=zz")
        #expect(renamed.status == 1 && renamed.stderr.contains("Cannot combine '-n' and 'attr=val' pairs"))
        let text = "w1:\n    objtype=node\n    groups=a\n"
        for verb in ["mkdef", "chdef"] {
            let made = try catboat(verb, "-z", "os=x", input: text)
            #expect(made.status == 1 && made.stderr.contains("Cannot combine '-z' and 'attr=val' pairs"), "\(made)")
        }
        #expect(try catboat("nodels").stdout == "x1\nx2\nx3\n")
        for word in ["nicips.eth1=a,b", "nicips.eth1=a(b,c", "nicips.e,1=a", "nicips.e!1=a"] as [Word] {
            let result = try catboat("chdef", "x1", word)
            #expect(result.status == 1 && result.stderr.contains("cannot be stored for one interface"), "\(result)")
        }
        #expect(try catboat("chdef", "x1", "nicips.eth1=a|b").status == 0)
        #expect(try catboat("lsdef", "x1", "-i", "nicips.eth1", "-c").stdout == "x1: nicips.eth1=a|b\n")
        try catboat("chdef", "x2", "provmethod=netboot")
        let listed = try catboat("lsdef", "x2", "--osimage")
        #expect(listed.status == 1 && listed.stderr.contains("Missing attributes for node x2"), "\(listed)")
    }

    @Test(arguments: StoreKind.available)
    func `a change that a disabled row hides is told`(kind: StoreKind) throws {
        let catboat = try site(kind)
        try set(
            catboat,
            [["node=x1", "nodetype.disable=1"], ["key=a", "site.value=1"], ["key=a", "site.disable=1"]])
        let told =
            "Warning: x1: the row in the table 'nodetype' is disabled, so that the change has no effect until it is "
            + "enabled: chtab node=x1 nodetype.disable=\n"
        #expect(try catboat("chdef", "x1", "os=b").stderr == told)
        #expect(try catboat("nodech", "x1", "nodetype.os=b").stderr == told)
        #expect(try catboat("chdef", "x2", "os=b").stderr == "")
        #expect(
            try catboat("chdef", "-t", "site", "a=2").stderr
                == told.replacing("x1: ", with: "a: ").replacing("'nodetype'", with: "'site'")
                .replacing("node=x1 nodetype", with: "key=a site"))
        try set(catboat, [["node=x3", "nodelist.disable=1"]])
        let added = try catboat("nodeadd", "x3", "groups=q")
        #expect(added.status == 1 && added.stderr.contains("its row in the table 'nodelist' is disabled"), "\(added)")
    }

    @Test func `nodes of a pattern are excluded`() throws {
        let catboat = try site()
        try catboat("chdef", "-t", "site", "excludenodes=/x[12],nosuch")
        #expect(try catboat("nodels", "all").stdout == "x3\n")
        #expect(try catboat("noderange-expand", "x1,x3").stdout == "x3\n")
        try catboat("chdef", "-t", "site", "excludenodes=/x[")
        let result = try catboat("nodels", "all")
        #expect(result.status == 1 && result.stderr.hasPrefix("Error: site.excludenodes is not understood: '/x['\n"))
        #expect(try catboat("chdef", "-t", "site", "excludenodes=").status == 0)
        #expect(try catboat("nodels", "all").stdout == "x1\nx2\nx3\n")
    }

    @Test func `members come back in their order`() throws {
        let catboat = try site()
        for node in ["b9", "a7", "c1"] as [Word] { try catboat("mkdef", node, "groups=odd,all") }
        try catboat("mkdef", "-t", "group", "odd", "mgt=ipmi")
        let text = try catboat("lsdef", "-t", "node,group", "-l", "-z").stdout
        #expect(text.contains("members=b9,a7,c1\n"))
        for verb in ["mkdef", "import-xcat"] {
            let root = Scratch.directory.joined(FilePath("\(verb)-root"))
            try root.createDirectories()
            let other = Catboat(root: root)
            let file = try Scratch.write(text, to: "site.stanza")
            let made =
                verb == "mkdef" ? try other(verb, "-z", input: text) : try other("import-xcat", Word(file))
            #expect(made.status == 0, "\(made)")
            #expect(try other("lsdef", "-t", "node,group", "-l", "-z").stdout == text)
        }
    }
}
