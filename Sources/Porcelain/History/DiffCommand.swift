internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what differs between two moments of an image.")

    @Flag(help: "Only the recipe: definition, lists, scripts.") var recipe = false
    @Flag(help: "Only the result: packages, tree, digests, kernel.") var result = false
    @OptionGroup var programs: ProgramOutput
    @Argument(
        help: "[REVISION[..REVISION]] [OSIMAGE]; an osimage alone is compared with its newest commit.",
        completion: .custom { _, _, prefix in RevisionNames.starting(with: prefix) })
    var operand: [String] = []

    func validate() throws {
        guard (1...2).contains(operand.count) else {
            throw ValidationError("give an osimage, a revision or two with '..' between them")
        }
        if recipe, result { throw ValidationError("--recipe and --result exclude each other") }
    }

    func run() throws {
        let (image, old, new) = try moments()
        let recipeLevels = ["attribute", "file"]
        let levels = recipe ? recipeLevels : result ? ["package", "path", "digest", "build"] : []
        let operands = [Word(image), Word(old)] + (new.map { [Word($0)] } ?? [])
        let words = Self.options(levels) + operands
        if programs.isWanted { return try Step("profile-diff", programs.words + words).passedOn() }
        let changes = try HistoryAnswers.changes(words)
        let patch =
            result
            ? []
            : try Step("profile-diff", ["--patch"] + Self.options(recipeLevels) + operands).answer(accepting: [0, 1])
                .output
        try ComparisonText(changes).print(patch: patch)
        if changes.isEmpty { Console.note("No differences.") }
    }

    /// The image and what to compare; no newer revision means the present.
    private func moments() throws -> (image: String, old: String, new: String?) {
        let first = operand[0]
        if operand.count == 2 {
            let (old, new) = Self.range(first)
            return (operand[1], old, new)
        }
        let (old, new) = Self.range(first)
        if new == nil, try Cluster.open().findOsimage(first) != nil { return (first, first, nil) }
        guard let image = try HistoryAnswers.commit(new ?? old).osimage else {
            throw CommandFailure(
                [
                    Diagnostic(
                        "commit is not about an osimage", subject: new ?? old, remedy: "name the osimage after it")
                ], status: 1)
        }
        return (image, old, new)
    }

    private static func options(_ levels: [String]) -> [Word] { levels.flatMap { ["--level", Word($0)] } }

    private static func range(_ text: String) -> (String, String?) {
        var rest = text[...]
        while let dot = rest.firstIndex(of: ".") {
            let after = text.index(after: dot)
            if after < text.endIndex, text[after] == ".", dot > text.startIndex {
                let end = text[text.index(after: after)...]
                return (String(text[..<dot]), end.isEmpty ? nil : String(end))
            }
            rest = text[after...]
        }
        return (text, nil)
    }
}
