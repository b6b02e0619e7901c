import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// SIGKILL at twenty points of the main job: nothing runs on, nothing stays mounted, what is served stays whole,
/// and the next run succeeds.
@Suite(.scratchDirectory) struct KillTests {
    /// One command and how often it is killed, at points spread evenly over the time that it takes.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var points: Int
        var family = TinyFamily.debian
        var testDescription: String { "\(name) of \(family)" }
    }

    @Test(arguments: [
        Case(name: "copycds", points: 5), Case(name: "genimage", points: 6), Case(name: "packimage", points: 5),
        Case(name: "image-publish", points: 4),
        Case(name: "genimage", points: 5, family: .el), Case(name: "genimage", points: 4, family: .sles),
    ])
    func `a killed command leaves nothing behind and can be run again`(_ subject: Case) throws {
        let site = try TinySite(family: subject.family)
        if subject.name != "copycds" { try site.catboat.succeed("genimage", Word(site.osimage)) }
        if subject.name != "copycds" { try site.catboat.succeed("packimage", Word(site.osimage)) }
        let whole = try time { try run(subject.name, site) }
        for point in 0..<subject.points {
            try disturb(subject.name, site, point)
            let before = try site.served()
            let delay = whole * (Double(point) + 0.5) / Double(subject.points)
            try kill(subject.name, site, after: delay)
            #expect(Aftermath.settle(site.root) == [], "\(subject.name) killed after \(delay)")
            #expect(try Aftermath.mounts(below: site.root) == [])
            let after = try site.served()
            // Killed before the switch: the former set. After it: a whole new one; `served` has checked that.
            if subject.name == "copycds" || subject.name == "genimage" { #expect(after == before) }
            try run(subject.name, site)
        }
        #expect(try Aftermath.mounts(below: site.root) == [])
    }

    private func words(_ name: String, _ site: TinySite) throws -> [Word] {
        switch name {
        case "copycds": [Word(try TinySite.medium())]
        case "image-publish": [Word(site.osimage), Word(try otherSet(site))]
        default: [Word(site.osimage)]
        }
    }

    private func run(_ name: String, _ site: TinySite) throws {
        let result = try site.catboat.run(name, try words(name, site))
        try #require(result.status == 0, "\(name): \(result.stdout)\(result.stderr)")
    }

    /// Gives the command work to do again.
    private func disturb(_ name: String, _ site: TinySite, _ point: Int) throws {
        switch name {
        case "copycds": try site.host("/install/debian12.99.0").removeTree()
        case "genimage" where point.isMultiple(of: 2): try site.rootimg.removeTree()
        case "genimage":
            try site.setPackages(
                site.family.packages + (point % 4 == 1 ? ["tiny-files"] : []))
        default: try AtomicFile.write("\(point)\n".utf8, to: site.rootimg.joined("etc/changed"))
        }
    }

    /// A kept set that is not the published one.
    private func otherSet(_ site: TinySite) throws -> String {
        let current = try site.catboat.succeed("image-publish", Word(site.osimage), "--current").stdout
        let sets = try site.catboat.succeed("image-publish", Word(site.osimage), "--list").stdout
            .split(separator: "\n").compactMap { $0.split(separator: "\t").first { $0.hasPrefix("sha256:") } }
        if let other = sets.first(where: { !current.contains($0) }) { return String(other) }
        try AtomicFile.write("other\n".utf8, to: site.rootimg.joined("etc/changed"))
        try site.catboat.succeed("packimage", Word(site.osimage))
        return try otherSet(site)
    }

    private func kill(_ name: String, _ site: TinySite, after delay: Duration) throws {
        let tool = site.catboat.tool(name, try words(name, site))
        let running = try tool.start(output: .null, errors: .null)
        usleep(UInt32(delay / .microseconds(1)))
        running.signal(SIGKILL)
        _ = try running.wait()
    }

    private func time(_ body: () throws -> Void) throws -> Duration {
        try ContinuousClock().measure(body)
    }
}
