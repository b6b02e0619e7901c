internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import SystemPackage
internal import Tables

struct LskmodulesCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "lskmodules", abstract: "List the kernel modules that driver packages and distributions have.")

    @Flag(name: [.customShort("V"), .long], help: "Name the files that are read.") var verbose = false
    @Flag(name: [.customShort("x"), .customLong("xml"), .customLong("XML")], help: "Print XML.") var xml = false
    @Option(
        name: [.customShort("i"), .customLong("osimage")], help: "Driver updates of these osimages.",
        completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var osimages: String?
    @Option(
        name: [.customShort("c"), .customLong("kitcomponent")], help: "Driver packages of these kit components.",
        completion: .custom { _, _, prefix in ObjectNames.starting(with: prefix, of: "kitcomponent") })
    var kitComponents: String?
    @Option(
        name: [.customShort("o"), .customLong("osdistro")], help: "Kernel packages of these distributions.",
        completion: .custom { _, _, prefix in ObjectNames.starting(with: prefix, of: "osdistro") })
    var distributions: String?
    @Option(
        name: [.customShort("u"), .customLong("osdistroupdate")], help: "Kernel packages of these updates.",
        completion: .custom { _, _, prefix in ObjectNames.starting(with: prefix, of: "osdistroupdate") })
    var updates: String?
    @Flag(name: .customShort("?"), help: .hidden) var asksForHelp = false

    func run() throws {
        if asksForHelp { return try Console.print(Self.helpMessage()) }
        guard osimages != nil || kitComponents != nil || distributions != nil || updates != nil else {
            throw UsageFailure("Specify a search location ")
        }
        let sources = try ModuleSources(
            osimages: Self.names(osimages), kitComponents: Self.names(kitComponents),
            distributions: Self.names(distributions), updates: Self.names(updates), Cluster.open())
        guard !sources.files.isEmpty else {
            throw CommandFailure([
                Diagnostic("No input search source found.", remedy: sources.remedy)
            ])
        }
        if verbose { for file in sources.files { Console.note("Reading \(file.printable)") } }
        let captured = try Step("kmodule-list", ["--json"] + sources.files.map { Word($0) }).captured(accepting: [
            0, 128,
        ])
        let lines = Set(try JSONText.decode(Answer.self, captured.output).modules.map { ListedLine($0) })
            .sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
        for line in lines { try Console.print(xml ? line.xml : line.text) }
        // What could not be read was told.
        if !captured.ending.isSuccess { throw ExitCode(1) }
    }

    private static func names(_ list: String?) -> [String] {
        (list ?? "").split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
    }

    private struct Answer: Decodable {
        var modules: [Module]
    }

    fileprivate struct Module: Decodable {
        var name: String
        var description: String
    }
}

/// A module as people see it.
private struct ListedLine: Hashable {
    var name: String
    var description: String

    init(_ module: LskmodulesCommand.Module) { (name, description) = (module.name, module.description) }

    var text: String { "\(name): \(description)" }

    var xml: String {
        "<module>\n  <name> \(Self.escaped(name)) </name>\n  <description> \(Self.escaped(description)) </description>\n</module>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}

/// Names for completion.
private enum ObjectNames {
    static func starting(with prefix: String, of type: String) -> [String] {
        ((try? Cluster.open().names(ObjectType.named(type))) ?? []).filter { $0.hasPrefix(prefix) }
    }
}
