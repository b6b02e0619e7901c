internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make folders, store and initial rows.")

    @Option(help: "Root of install trees, images and profiles; /install unless told.") var installdir: String?
    @Option(help: "Root of boot files; /tftpboot unless told.") var tftpdir: String?
    @Option(help: "Address of this server as nodes see it.") var master: String?
    @Option(help: "Domain of the nodes.") var domain: String?

    func validate() throws {
        for path in [installdir, tftpdir].compactMap({ $0 }) where !path.hasPrefix("/") {
            throw ValidationError("not an absolute path: '\(path)'")
        }
    }

    func run() throws {
        let settings = Settings.current()
        _ = try PlannedChange.apply { try plan($0) }
        let cluster = try Cluster.open(settings)
        let folders = try [
            cluster.installFolder, cluster.installFolder.joined("custom"), cluster.installFolder.joined("post"),
            cluster.installFolder.joined("postscripts"), cluster.tftpFolder, cluster.tftpFolder.joined("xcat"),
        ]
        for folder in folders {
            let path = try settings.host(folder)
            if path.isDirectory { continue }
            try path.createDirectories()
            try Console.print("created \(folder.printable)")
        }
        let store = try settings.storeLocation()
        try Console.print("store is \(store.hasPrefix("/") ? settings.root.stored(FilePath(store)).printable : store)")
        if try cluster.site("master") == nil {
            Console.note(
                "hint: nodes need the address of this server: chdef -t site master=ADDRESS, or catboat init --master ADDRESS"
            )
        }
    }

    /// Rows that are missing; what is there stays, unless an option says otherwise.
    private func plan(_ cluster: Cluster) throws -> ChangePlan {
        var plan = ChangePlan()
        for (key, value) in initialSite() where try cluster.site(key) == nil { set(key, value, nil, &plan) }
        let given = [("installdir", installdir), ("tftpdir", tftpdir), ("master", master), ("domain", domain)]
        for (key, value) in given {
            let current = try cluster.site(key)
            if let value, value != current { set(key, value, current, &plan) }
        }
        let scripts: [(String, KeyValuePairs<String, String>)] = [
            ("xcatdefaults", ["postscripts": "syslog,remoteshell,syncfiles", "postbootscripts": "otherpkgs"]),
            ("service", ["postscripts": "servicenode"]),
        ]
        for (node, values) in scripts
        where try cluster.store.rows("postscripts", ["node": node], includingDisabled: true).isEmpty {
            plan.batch.absent("postscripts", ["node": node])
            plan.batch.set("postscripts", ["node": node], values)
        }
        return plan
    }

    private func set(_ key: String, _ value: String, _ current: String?, _ plan: inout ChangePlan) {
        plan.batch.expect("site", ["key": key], ["value": current ?? ""])
        plan.batch.set("site", ["key": key], ["value": value])
    }

    /// What xCAT's setup writes, as far as it means anything here; keys given as options are left to them.
    private func initialSite() -> [(String, String)] {
        var rows = [
            ("installdir", "/install"), ("tftpdir", "/tftpboot"), ("sharedtftp", "1"),
            ("SNsyncfiledir", "/var/xcat/syncfiles"), ("nodesyncfiledir", "/var/xcat/node/syncfiles"),
            ("xcatdport", "3001"), ("xcatiport", "3002"), ("sshbetweennodes", "ALLGROUPS"),
            ("cleanupxcatpost", "no"), ("cleanupdiskfullxcatpost", "no"), ("dhcplease", "43200"),
        ]
        if let zone = timezone() { rows.append(("timezone", zone)) }
        let given = [("installdir", installdir), ("tftpdir", tftpdir)].filter { $0.1 != nil }.map(\.0)
        return rows.filter { !given.contains($0.0) }
    }

    /// The zone of this machine, from where /etc/localtime points to.
    private func timezone() -> String? {
        guard let target = try? FilePath("/etc/localtime").resolved().printable,
            let range = target.utf8.firstRange(of: "/zoneinfo/".utf8)
        else { return nil }
        return String(target[range.upperBound...])
    }
}
