internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

struct ImgimportCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "imgimport", abstract: "Import osimages from a bundle.")

    static let namesUnknownOptions = true

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Add the bundle's postscripts to these nodes, or to this group.", valueName: "nodelist"),
        completion: .custom { _, _, prefix in NodeCompletion.nodes(prefix) })
    var postscripts: String?
    @Option(
        name: [.customShort("f"), .long], help: ArgumentHelp("Import a copy under this profile.", valueName: "profile"))
    var profile: String?
    @Option(help: ArgumentHelp("Name of the copy.", valueName: "name")) var name: String?
    @Option(
        name: [.customShort("R"), .long],
        help: ArgumentHelp("Get the bundle from there with scp.", valueName: "user@host"))
    var remotehost: String?
    @Flag(name: .shortAndLong, help: "Accepted for xCAT's sake: the compressor is recognised.") var nozip = false
    @Flag(name: .shortAndLong, help: "Say more.") var verbose = false
    @Flag(help: "Replace postscripts of the nodes as xCAT does.") var replace = false
    @Flag(help: "Keep columns that the bundle does not set, as xCAT does.") var merge = false
    @Flag(help: "Unpack the packed root image to rootimg/ too.") var tree = false
    @Flag(help: "Print what would be done, and stop.") var dryRun = false
    @Flag(help: "Print the plan as JSON.") var json = false
    @Flag(help: "Only bundles signed by someone allowed.") var verify = false
    @Flag(help: "Let imported hooks run.") var enableHooks = false
    @Flag(help: "Let files go to folders that are not the site's.") var allowOutside = false
    @Option(help: ArgumentHelp("Bytes that the bundle may unpack to.", valueName: "bytes")) var maxSize: UInt64?
    @Flag(inversion: .prefixedNo, help: "Run hooks.") var hooks = true
    @Argument(help: ArgumentHelp("The bundle.", valueName: "bundle"), completion: .file()) var operands: [String] = []

    func validate() throws {
        if profile?.isEmpty == true { throw ValidationError("-f needs the profile of the copy") }
        if replace, postscripts == nil { throw ValidationError("--replace needs -p with nodes or a group") }
    }

    func run() throws {
        guard let bundle = operands.first else { throw UsageFailure() }
        guard operands.count == 1 else { throw UsageFailure("Only one bundle can be imported: '\(operands[1])'") }
        guard name == nil || profile != nil else {
            throw CommandFailure([Diagnostic("--name goes with -f", remedy: "give the profile of the copy")])
        }
        let request = ImportRequest(
            bundle: bundle, nodes: postscripts, profile: profile, name: name,
            remote: remotehost, replacesScripts: replace, isMerging: merge, unpacksTree: tree, isDry: dryRun,
            isJSON: json, mustBeSigned: verify, enablesHooks: enableHooks, allowsOutside: allowOutside,
            sizeLimit: maxSize, runsHooks: hooks, isVerbose: verbose)
        try ImportSteps(request, try Cluster.open()).run()
    }
}

/// What was asked of imgimport.
struct ImportRequest {
    let bundle: String
    let nodes: String?
    let profile: String?
    let name: String?
    let remote: String?
    let replacesScripts: Bool
    let isMerging: Bool
    let unpacksTree: Bool
    let isDry: Bool
    let isJSON: Bool
    let mustBeSigned: Bool
    let enablesHooks: Bool
    let allowsOutside: Bool
    let sizeLimit: UInt64?
    let runsHooks: Bool
    let isVerbose: Bool

    static func failure(_ problem: String, _ remedy: String? = nil) -> CommandFailure {
        CommandFailure([Diagnostic(problem, remedy: remedy)])
    }
}
