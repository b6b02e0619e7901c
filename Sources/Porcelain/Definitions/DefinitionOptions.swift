internal import ArgumentParser
internal import CommandShell
internal import Definitions

/// One of the four object commands: which options are its own. The parser takes the others too, to refuse them by name.
protocol DefinitionVerb: SendableMetatype {
    static var name: String { get }
    static var options: Set<String> { get }
}

enum LsdefVerb: DefinitionVerb {
    static let name = "lsdef"
    static let options: Set = ["i", "c", "l", "s", "a", "w", "z", "S", "nics", "osimage", "template"]
}

enum MkdefVerb: DefinitionVerb {
    static let name = "mkdef"
    static let options: Set = ["f", "d", "w", "u", "z", "template", "no-hooks"]
}

enum ChdefVerb: DefinitionVerb {
    static let name = "chdef"
    static let options: Set = ["p", "m", "n", "d", "w", "u", "z", "no-hooks"]
}

enum RmdefVerb: DefinitionVerb {
    static let name = "rmdef"
    static let options: Set = ["f", "a", "C", "no-hooks"]
}

private func text(_ verb: any DefinitionVerb.Type, _ option: String, _ abstract: String) -> ArgumentHelp {
    ArgumentHelp(stringLiteral: abstract).shown(verb.options.contains(option))
}

extension ArgumentHelp {
    fileprivate func shown(_ isShown: Bool) -> ArgumentHelp {
        isShown ? self : ArgumentHelp(abstract, visibility: .hidden)
    }
}

/// The command line of an object command.
struct DefinitionOptions<Verb: DefinitionVerb>: ParsableArguments {
    @Option(
        name: .customShort("t", allowingJoined: true), parsing: .unconditional,
        help: "Types of the objects, comma separated.", completion: .list(ObjectType.names))
    var types: String?
    @Option(
        name: .customShort("o", allowingJoined: true), parsing: .unconditional,
        help: "Names of the objects, comma separated.",
        completion: .custom { words, _, prefix in ObjectCompletion.names(words, prefix) })
    var names: String?
    @Option(
        name: .customShort("i", allowingJoined: true), parsing: .unconditional,
        help: text(Verb.self, "i", "Only these attributes, comma separated."),
        completion: .custom { words, _, prefix in ObjectCompletion.attributes(words, prefix) })
    var attributes: String?
    @Option(
        name: .customShort("n", allowingJoined: true), parsing: .unconditional,
        help: text(Verb.self, "n", "New name of the object."))
    var newName: String?
    @Option(
        name: .customShort("w", allowingJoined: true), parsing: .unconditionalSingleValue,
        help: text(Verb.self, "w", "Objects for which ATTR==VALUE, ATTR!=VALUE, ATTR=~REGEX or ATTR!~REGEX holds."))
    var selections: [String] = []
    @Flag(name: [.short, .long], help: text(Verb.self, "a", "All objects.")) var all = false
    @Flag(name: [.short, .long], help: text(Verb.self, "c", "One line for each attribute.")) var compress = false
    @Flag(name: [.short, .long], help: text(Verb.self, "d", "The group is dynamic.")) var dynamic = false
    @Flag(name: [.short, .long], help: text(Verb.self, "f", "Replace or remove without asking.")) var force = false
    @Flag(name: [.short, .long], help: text(Verb.self, "l", "All attributes.")) var long = false
    @Flag(name: [.short, .long], help: text(Verb.self, "s", "Names alone.")) var short = false
    @Flag(name: [.short, .long], help: text(Verb.self, "m", "Take items out of the values.")) var minus = false
    @Flag(name: [.short, .long], help: text(Verb.self, "p", "Add items to the values.")) var plus = false
    @Flag(name: [.customShort("z"), .customLong("stanza")], help: text(Verb.self, "z", "Stanzas, in or out."))
    var stanza = false
    @Flag(name: [.customShort("x"), .customLong("xml")], help: .hidden) var xml = false
    @Flag(
        name: [.customShort("C"), .customLong("cleanup")], help: text(Verb.self, "C", "Unconfigure the nodes first."))
    var cleanup = false
    @Flag(name: .customShort("S"), help: text(Verb.self, "S", "Hidden nodes too.")) var hidden = false
    @Flag(name: .customShort("u"), help: text(Verb.self, "u", "Fill an osimage from its profile.")) var fill = false
    @Flag(help: text(Verb.self, "nics", "Only the attributes of interfaces.")) var nics = false
    @Flag(help: text(Verb.self, "osimage", "The attributes of the node's image too.")) var osimage = false
    @Option(defaultAsFlag: "", help: text(Verb.self, "template", "Show or use a template.")) var template: String?
    @Flag(name: .customLong("no-hooks"), help: text(Verb.self, "no-hooks", "Run no hooks.")) var skipsHooks = false
    @Flag(help: .hidden) var nocache = false
    @Flag(name: [.customShort("V"), .customLong("verbose")], help: "Say more.") var verbose = false
    @Flag(name: [.customShort("v"), .customLong("version")], help: "Print the version.") var version = false
    @Flag(name: [.customShort("h"), .customLong("help")], help: "Show help; with -t the attributes.") var help = false
    @Flag(name: .customShort("?"), help: .hidden) var question = false
    @Argument(
        help: "Names of the objects (a noderange for nodes), and ATTR=VALUE.",
        completion: .custom { words, _, prefix in
            ObjectCompletion.operands(words, prefix, takesValues: ["mkdef", "chdef"].contains(Verb.name))
        })
    var words: [String] = []

    /// Nothing at all was given.
    var isBare: Bool {
        words.isEmpty && types == nil && names == nil && attributes == nil && newName == nil && selections.isEmpty
            && template == nil
            && ![
                all, compress, dynamic, force, long, short, minus, plus, stanza, xml, cleanup, hidden, fill, nics,
                osimage, verbose,
            ].contains(true)
    }
}

/// Names and attributes for completion, read from the tables. Says nothing when that fails.
enum ObjectCompletion {
    /// Names of objects; of a verb that takes `ATTR=VALUE` attributes as well, once objects are named.
    static func operands(_ words: [String], _ prefix: String, takesValues: Bool) -> [String] {
        let isNamed = type(words) == "site" || words.contains("-o") || hasOperand(words)
        if isNamed { return takesValues ? attributes(words, prefix, mark: "=") : [] }
        return names(words, prefix)
    }

    static func names(_ words: [String], _ prefix: String) -> [String] {
        let head = prefix.lastIndex(of: ",").map { String(prefix[...$0]) } ?? ""
        guard let cluster = try? Cluster.open(), let names = try? self.names(of: type(words), cluster) else {
            return []
        }
        return names.map { head + $0 }.filter { $0.hasPrefix(prefix) }
    }

    /// Attributes of the type that the words name, in a list separated by commas.
    static func attributes(_ words: [String], _ prefix: String, mark: String = "") -> [String] {
        let head = mark.isEmpty ? prefix.lastIndex(of: ",").map { String(prefix[...$0]) } ?? "" : ""
        let attributes = (try? ObjectType.named(type(words)))?.attributes ?? []
        return attributes.map { head + $0 + mark }.filter { $0.hasPrefix(prefix) }
    }

    private static func type(_ words: [String]) -> String {
        words.indices.dropLast().last { words[$0] == "-t" }.map { words[$0 + 1] } ?? "node"
    }

    private static func hasOperand(_ words: [String]) -> Bool {
        var skipsNext = false
        for word in words.dropLast() {
            if skipsNext {
                skipsNext = false
            } else if word.hasPrefix("-") {
                skipsNext = ["-t", "-o", "-i", "-w", "-n"].contains(word)
            } else {
                return true
            }
        }
        return false
    }

    private static func names(of type: String, _ cluster: Cluster) throws -> [String] {
        let names = try cluster.names(try ObjectType.named(type))
        return type == "node" ? names + (try cluster.staticGroups().keys.sorted()) : names
    }
}
