internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// `hook run --try`: hooks or postinstall scripts over a throw-away root image, and what they would change.
struct HookTrial {
    private let image: String
    private let json: Bool
    private let settings: Settings

    init(_ image: String, json: Bool) {
        (self.image, self.json) = (image, json)
        settings = Settings.current()
    }

    /// - Parameter only: the name of one hook, or of one postinstall script.
    /// - Throws: `ExitCode` 1 when a script failed.
    func run(_ event: String, only: String?) throws {
        let cluster = try Cluster.open(settings)
        let folder = try RootImageFolder.host(image, cluster)
        if event == "postinstall" { return try runPostinstall(folder, only, cluster) }
        var words: [Word] = ["--osimage", Word(image), "--fact", "try=1"]
        if let only { words += ["--only", Word(only)] }
        let isFine = try trial(folder, "hook-run", words + [Word(event)])
        if !isFine { throw ExitCode(1) }
    }

    /// Each script has a throw-away image of its own.
    private func runPostinstall(_ folder: FilePath, _ only: String?, _ cluster: Cluster) throws {
        var request = GenimageRequest()
        request.image = image
        let target = try GenimageTarget(request, cluster)
        let parts = GenimageSteps(target, request, settings).postinstallParts
        let scripts = zip(target.postinstalls.map { FilePath($0[0]) }, parts).filter { path, _ in
            only.map { path.lastName == FilePath($0) } ?? true
        }
        guard !scripts.isEmpty else {
            let remedy = "see lsdef -t osimage \(image) -i postinstall"
            throw CommandFailure(
                [Diagnostic("osimage has no such postinstall script", subject: only ?? image, remedy: remedy)],
                status: 1)
        }
        var isFine = true
        for (path, part) in scripts {
            if scripts.count > 1, !json { try Console.print("\(settings.root.stored(path).printable):") }
            isFine = try trial(folder, part.commands[0].verb, part.commands[0].words) && isFine
        }
        if !isFine { throw ExitCode(1) }
    }

    private struct Answer: Decodable {
        struct Change: Decodable {
            var level: String
            var status: String
            var name: JSONName
            var old: String?
            var new: String?
        }
        var changes: [Change]
    }

    /// - Returns: whether the command succeeded; what it changed has been printed in any case.
    private func trial(_ folder: FilePath, _ verb: String, _ words: [Word]) throws -> Bool {
        let command = [Word(settings.execPath.joined("catboat"))] + [Word(verb)] + words
        let step = Step("rootimg-try", ["--json", Word(folder), "--"] + command, settings: settings)
        let answer = try step.answer(accepting: [0, 1])
        guard !answer.output.isEmpty else { throw ExitCode(1) }
        if json {
            try Console.write(answer.output)
        } else {
            let changes = try JSONText.decode(Answer.self, answer.output).changes
            for change in changes { try Console.print(Self.line(change)) }
            if changes.isEmpty { Console.note("Nothing of the image would be changed.") }
        }
        return answer.ending.isSuccess
    }

    private static func line(_ change: Answer.Change) -> String {
        let sign = ["A": "+", "D": "-"][change.status] ?? "~"
        guard change.level == "package" else { return "\(sign) /\(change.name.shown)" }
        let versions = [change.old, change.new].compactMap { $0 }.joined(separator: " -> ")
        return "\(sign) package \(change.name.shown) \(versions)"
    }
}
