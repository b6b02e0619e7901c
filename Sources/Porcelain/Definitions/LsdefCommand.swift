internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support

struct LsdefCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "lsdef", abstract: "Show object definitions.", helpNames: [])
    static let misuse: String? = "Invalid option.."

    @OptionGroup var options: DefinitionOptions<LsdefVerb>

    func run() throws {
        if try DefinitionHelp.isAnswered(options) { return }
        let request = try DefinitionRequest(options)
        let cluster = try Cluster.open()
        if let template = request.template { return try TemplateListing(cluster.settings, request).show(template) }
        try DefinitionListing(request, cluster).show()
    }
}
