internal import CommandShell
internal import Support

/// The commit of an image's recipe, as profile-commit prints it: what a build is made from, and what it is dated by.
struct RecipeCommit {
    let name: String
    /// Seconds since 1970.
    private let time: String

    init(_ printed: Tool.Captured) throws {
        let fields = printed.lines.first?.split(separator: "\t") ?? []
        guard fields.count >= 2 else { throw StepError.failed("profile-commit", printed.ending) }
        (name, time) = (String(fields[0]), String(fields[1]))
    }

    /// `SOURCE_DATE_EPOCH` for the steps of a build; what the caller's environment says comes first.
    var environment: Environment {
        Environment(["SOURCE_DATE_EPOCH": Environment.current["SOURCE_DATE_EPOCH"] ?? Word(time)])
    }
}
