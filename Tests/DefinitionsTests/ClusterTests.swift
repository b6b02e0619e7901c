import Definitions
import Settings
import Support
import SystemPackage
import Tables
import TestSupport
import Testing

/// Objects and noderanges over a small site.
@Suite(.scratchDirectory) struct ClusterTests {
    /// A cluster with these rows.
    private func cluster(_ build: (inout TableBatch) -> Void) throws -> Cluster {
        let location = StoreLocation(Scratch.directory.joined("site.sqlite").printable)
        var batch = TableBatch()
        build(&batch)
        try location.writer().apply(batch)
        let settings = Settings(
            root: RootFolder(Scratch.directory), overrides: [], execPath: "/nonexistent", dataFolder: "/nonexistent")
        return Cluster(try location.reader(), settings: settings)
    }

    private func racks() throws -> Cluster {
        try cluster { batch in
            for index in 1...20 {
                batch.set("nodelist", ["node": "n\(index)"], ["groups": index < 13 ? "all,rack1" : "all,rack2"])
            }
            for name in ["n001", "n002", "n003"] { batch.set("nodelist", ["node": name], ["groups": "all,pad"]) }
            for name in ["n1-a", "n2-a", "n3-a"] { batch.set("nodelist", ["node": name], ["groups": "tail"]) }
            batch.set("nodetype", ["node": "rack1"], ["os": "rocky9"])
            batch.set("nodetype", ["node": "rack2"], ["os": "sles15"])
            batch.set("nodegroup", ["groupname": "dyn"], ["grouptype": "dynamic", "wherevals": "os==sles15"])
            batch.set("nodegroup", ["groupname": "empty1"], ["grouptype": "static"])
            batch.set("nodelist", ["node": "grp1m"], ["groups": "g1"])
            batch.set("nodelist", ["node": "grp2m"], ["groups": "g2"])
        }
    }

    @Test(arguments: [
        ("n1,n3", "n1 n3"), ("n[1,3,5-7]", "n1 n3 n5 n6 n7"), ("n[9-11]", "n10 n11 n9"),
        ("n001-n003", "n001 n002 n003"), ("n1-n3+2", "n1 n2 n3 n4 n5"), ("n1-a-n3-a", "n1-a n2-a n3-a"),
        ("n1:n2:n3", "n1 n2"), ("n10+3", "n10 n11 n12 n13"), ("g1-g2", "grp1m grp2m"), ("g[1-2]", "grp1m grp2m"),
        ("dyn", "n13 n14 n15 n16 n17 n18 n19 n20"), ("empty1", ""), ("n1-n5,-n3,n3", "n1 n2 n4 n5"),
        ("n1,rack2@n13", "n1 n13"), ("(n1,rack2)@n13", "n13"), ("n1-n3,@n2", "n2"),
        ("n1-n6,-(n2-n4,-n3)", "n1 n3 n5 n6"), ("/n1.", "n10 n11 n12 n13 n14 n15 n16 n17 n18 n19"),
        ("/^n1$", "n1"), ("/g1", ""), ("nodetype.os==sles15@n13", "n13"), ("groups==g1", "grp1m"),
        ("all@-n1", "n1"), ("n1,,n2,", "n1 n2"),
    ])
    func `a noderange names its nodes`(range: String, nodes: String) throws {
        #expect(try racks().nodes(in: range).joined(separator: " ") == nodes)
    }

    @Test(arguments: [
        ("ALL", ["ALL"]), (" n1", [" n1"]), ("n*", ["n*"]), ("n001-3", ["n001-3"]), ("n1-n3-n5", ["n1-n3-n5"]),
        ("n18-n22", ["n21", "n22"]), ("nodetype.os==a,b", ["b"]),
    ])
    func `every unknown name is told`(range: String, names: [String]) throws {
        #expect(throws: NoderangeError.unknown(names)) { try racks().nodes(in: range) }
    }

    @Test(arguments: [
        "n3-n1", "n[3-1]", "n001-n10", "n1-a+2", "(n1", "/[", "nosuch.col==1", "n[1-99999999]", "^/nosuch",
    ])
    func `a range that cannot be meant is an error`(range: String) throws {
        #expect(throws: NoderangeError.self) { try racks().nodes(in: range) }
    }

    @Test func `excluded nodes are in no range`() throws {
        let cluster = try cluster { batch in
            for name in ["n1", "n2"] { batch.set("nodelist", ["node": name], ["groups": "all"]) }
            batch.set("site", ["key": "excludenodes"], ["value": "n2"])
        }
        #expect(try cluster.nodes(in: "all") == ["n1"])
    }

    @Test func `columns are inherited one by one, from left to right`() throws {
        let cluster = try cluster { batch in
            batch.set("nodelist", ["node": "n1"], ["groups": "ga,gb,gc"])
            batch.set("nodetype", ["node": "ga"], ["os": "A"])
            batch.set("nodetype", ["node": "gb"], ["os": "B", "arch": "B"])
            batch.set("nodetype", ["node": "gc"], ["profile": "C", "disable": "yes"])
            batch.set("noderes", ["node": "n1"], ["routenames": "pn,+=NEXTRECORD"])
            batch.set("noderes", ["node": "ga"], ["routenames": "pa,+=NEXTRECORD"])
            batch.set("noderes", ["node": "gb"], ["routenames": "pb"])
            batch.set("noderes", ["node": "gc"], ["routenames": "pc"])
            batch.set("hosts", ["node": "gc"], ["ip": #"|n(\d+)|10.0.0.($1+0)|"#])
        }
        let node = try #require(try cluster.definition("node", "n1"))
        #expect(
            node.attributes == [
                "groups": "ga,gb,gc", "os": "A", "arch": "B", "routenames": "pn,pa,pb", "ip": "10.0.0.1",
            ])
        #expect(node.values["arch"]?.key == "gb")
    }

    @Test func `hierarchical attributes collect the items of all levels`() throws {
        let cluster = try cluster { batch in
            batch.set("site", ["key": "hierarchicalattrs"], ["value": "postscripts"])
            batch.set("nodelist", ["node": "n1"], ["groups": "ga,gb"])
            batch.set("postscripts", ["node": "n1"], ["postscripts": "pn"])
            batch.set("postscripts", ["node": "ga"], ["postscripts": "pa,pc"])
            batch.set("postscripts", ["node": "gb"], ["postscripts": "pb,pc"])
        }
        #expect(try cluster.definition("node", "n1")?["postscripts"] == "pn,pa,pc,pb")
    }

    @Test func `conditions decide which table gives an attribute`() throws {
        let cluster = try cluster { batch in
            for (node, mgt) in [("a", "ipmi"), ("b", "openbmc"), ("c", "kvm")] {
                batch.set("nodelist", ["node": node], ["groups": "all"])
                batch.set("nodehm", ["node": node], ["mgt": mgt])
                batch.set("ipmi", ["node": node], ["bmc": "from-ipmi"])
                batch.set("openbmc", ["node": node], ["bmc": "from-openbmc"])
            }
        }
        #expect(try cluster.definition("node", "a")?["bmc"] == "from-ipmi")
        #expect(try cluster.definition("node", "b")?["bmc"] == "from-openbmc")
        #expect(try cluster.definition("node", "c")?["bmc"] == nil)
    }

    @Test func `an osimage has the attributes of both tables and its folders`() throws {
        let cluster = try cluster { batch in
            batch.set(
                "osimage", ["imagename": "i"],
                ["imagetype": "linux", "profile": "p", "osvers": "debian12", "osarch": "x86_64"])
            batch.set("linuximage", ["imagename": "i"], ["pkglist": " /a , /b,", "comments": "hi"])
        }
        let image = try cluster.osimage("i")
        #expect(image.list("pkglist") == ["/a", "/b"] && image["usercomment"] == "hi")
        #expect(try image.rootimgdir(cluster) == "/install/netboot/debian12/x86_64/p")
        #expect(try image.pkgdirs(cluster) == ["/install/debian12/x86_64"])
        #expect(throws: DefinitionError.noSuchObject("osimage", "x")) { try cluster.osimage("x") }
    }

    @Test func `every attribute of every type has a column`() throws {
        for name in ObjectType.names {
            let type = try ObjectType.named(name)
            for (attribute, places) in type.places {
                for place in places {
                    let schema = try TableSchema.require(place.table)
                    #expect(schema.position(of: place.column) != nil, "\(name).\(attribute)")
                    #expect(schema.position(of: place.keyColumn) != nil, "\(name).\(attribute)")
                    if let selector = place.selector { #expect(schema.position(of: selector.column) != nil) }
                }
            }
        }
        #expect(throws: DefinitionError.unknownType("nosuch")) { try ObjectType.named("nosuch") }
    }
}
