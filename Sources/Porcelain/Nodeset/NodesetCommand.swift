internal import ArgumentParser
internal import CommandList
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

struct NodesetCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodeset", abstract: "Say what nodes boot next.")

    @Flag(
        name: [.customShort("a"), .customLong("all")], help: "With stat: of every node, also those without a boot file."
    )
    var all = false
    @Flag(help: "Accepted for xCAT's sake: what nodes get changes with packimage only.") var noupdateinitrd = false
    @Flag(help: "Accepted for xCAT's sake; without effect.") var ignorekernelchk = false
    @Flag(name: [.customShort("V"), .customLong("verbose")], help: "Accepted for xCAT's sake; see CATBOAT_TRACE.")
    var verbose = false
    @Flag(name: .customLong("no-hooks"), help: "Run no hooks.") var skipsHooks = false
    @Argument(
        help: ArgumentHelp("Nodes, then osimage[=IMAGE], boot, offline or stat.", valueName: "noderange state"),
        completion: .custom { words, _, prefix in NodesetCompletion.candidates(words, prefix) })
    var operands: [String] = []

    func run() throws {
        guard !operands.isEmpty else { throw UsageFailure(status: 0) }
        guard operands.count == 2 else {
            throw UsageFailure("Invalid argument: '\(operands.dropFirst().joined(separator: " "))'")
        }
        let cluster = try Cluster.open()
        let request = try NodesetRequest(operands[1])
        let nodes = try cluster.nodes(in: operands[0])
        if all, request != .stat {
            throw CommandFailure([Diagnostic("'-a' could only be used with 'stat' subcommand.")])
        }
        guard !nodes.isEmpty else { return }
        switch request {
        case .stat: try showStates(nodes, cluster)
        default: try change(request, nodes, cluster)
        }
    }

    private func showStates(_ nodes: [String], _ cluster: Cluster) throws {
        let shown = try Step(
            "bootcfg-write",
            ["--show", "--tftpdir", Word(try cluster.tftpHostFolder)] + nodes.map { Word($0) }
        ).captured()
        for line in shown.lines {
            let fields = line.split(separator: "\t", maxSplits: 1)
            try Console.print("\(fields[0]): \(fields.last ?? "")")
        }
    }

    private func change(_ request: NodesetRequest, _ nodes: [String], _ cluster: Cluster) throws {
        var plan = try NodesetPlan(request, nodes, cluster)
        let prescripts = try Prescripts(cluster, action: operands[1])
        plan.leaveOut(try prescripts.run(.begin, plan.settings.map(\.prescripts)))
        let hooks = SiteHooks(cluster, isOn: !skipsHooks)
        if let call = call(plan) { try hooks.run("pre-nodeset", call) }
        for image in plan.imagesToPublish { plan.publish(image) }
        if !plan.settings.isEmpty {
            let written = try Step(
                "bootcfg-write", ["--stdin", "--tftpdir", Word(try cluster.tftpHostFolder)], input: plan.bootRecords
            ).captured()
            try Step("table-set", ["--stdin"], input: plan.tableBatch).run()
            for line in written.lines {
                let fields = line.split(separator: "\t", maxSplits: 1)
                try Console.print("\(fields[0]): \(fields.last ?? "")")
            }
        }
        plan.complain(try prescripts.run(.end, plan.settings.map(\.prescripts)))
        let told = Result { if let call = call(plan) { try hooks.run("post-nodeset", call) } }
        guard plan.problems.isEmpty else {
            for problem in plan.problems { Console.note(problem.text) }
            throw CommandFailure(
                plan.failedMethods.map {
                    Diagnostic(
                        "Failed to generate \($0) configurations for some node(s) on \(HostName.short). "
                            + "Check xCAT log file for more details.")
                })
        }
        try told.get()
    }

    /// The hooks hear of the nodes that are set, and of the image when it is one for all.
    private func call(_ plan: NodesetPlan) -> SiteHooks.Call? {
        guard !plan.settings.isEmpty else { return nil }
        let images = Set(plan.settings.compactMap(\.image))
        return .init(
            image: images.count == 1 ? images.first : nil, arguments: plan.settings.map(\.node),
            facts: ["action=\(operands[1])"])
    }
}

/// What nodeset is asked to do.
enum NodesetRequest: Equatable {
    /// nil: the image that each node already has.
    case osimage(String?)
    case boot
    case offline
    case stat

    /// - Throws: `CommandFailure` with xCAT's words.
    init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count > 1 ? parts[1] : nil) {
        case ("osimage", nil): self = .osimage(nil)
        case ("osimage", let image?):
            guard !image.isEmpty else { throw CommandFailure([Diagnostic("Invalid argument: '\(text)'")]) }
            self = .osimage(image)
        case ("boot", nil): self = .boot
        case ("offline", nil): self = .offline
        case ("stat", nil): self = .stat
        case ("install", _), ("netboot", _), ("statelite", _):
            throw CommandFailure([
                Diagnostic(
                    "The options \"install\", \"netboot\", and \"statelite\" have been deprecated, "
                        + "use \"osimage=<osimage_name>\" instead.")
            ])
        case ("shell", nil), ("shutdown", nil), ("standby", nil), ("enact", nil), ("next", nil), ("iscsiboot", nil),
            ("runcmd", .some), ("runimage", .some), ("winshell", nil), ("ondiscover", .some):
            throw CommandFailure([
                Diagnostic(
                    "state is not supported yet", subject: parts[0], remedy: "use osimage=IMAGE, boot, offline or stat")
            ])
        default: throw CommandFailure([Diagnostic("Unknown state \(text) requested")])
        }
    }
}

extension Cluster {
    /// site.tftpdir on the host.
    var tftpHostFolder: FilePath {
        get throws { try settings.host(tftpFolder) }
    }
}

/// Words for nodeset's operands: nodes and groups, then states and images.
enum NodesetCompletion {
    static func candidates(_ words: [String], _ prefix: String) -> [String] {
        guard let cluster = try? Cluster.open() else { return [] }
        let operands = words.filter { !$0.hasPrefix("-") }
        guard operands.count > 1 || (operands.count == 1 && operands[0] != prefix) else {
            let nodes = (try? ObjectType.named("node")).flatMap { try? cluster.names($0) } ?? []
            let groups = (try? cluster.staticGroups().keys.sorted()) ?? []
            return (nodes + groups).filter { $0.hasPrefix(prefix) }
        }
        let images = ((try? cluster.osimageNames()) ?? []).map { "osimage=\($0)" }
        return (["boot", "offline", "osimage", "stat"] + images).filter { $0.hasPrefix(prefix) }
    }
}
