internal import CommandShell
internal import Definitions
internal import Hooks
internal import Settings
internal import Support
internal import SystemPackage

/// The site's hooks as a command calls them: `hook-run` as a step, started only when there may be something to run.
///
/// Commands that are run thousands of times pay for looking into a few folders, not for a process.
struct SiteHooks {
    private let cluster: Cluster
    private let isOn: Bool

    /// - Parameter isOn: false for `--no-hooks`.
    init(_ cluster: Cluster, isOn: Bool = true) {
        self.cluster = cluster
        self.isOn = isOn
    }

    /// What the hooks of one event are told.
    struct Call {
        var image: String?
        var arguments: [String] = []
        /// `name=value`.
        var facts: [String] = []
    }

    /// - Throws: `HookFailure` when a hook failed; it has said why.
    func run(_ event: String, _ call: Call) throws {
        guard isOn, try isNeeded(event, call.image) else { return }
        var words: [Word] = call.image.map { ["--osimage", Word($0)] } ?? []
        for fact in call.facts { words += ["--fact", Word(fact)] }
        words += [Word(event), "--"] + call.arguments.map { Word($0) }
        let ending = try Step("hook-run", words, settings: cluster.settings).status()
        switch ending {
        case .exited(0): return
        case .signaled(let signal): Interruption.die(of: signal)
        case .exited: throw HookFailure(event: event)
        }
    }

    /// Inside a hook `hook-run` is always asked: it refuses what would go round for ever.
    private func isNeeded(_ event: String, _ image: String?) throws -> Bool {
        if Environment.current["CATBOAT_EVENT_STACK"] != nil { return true }
        let installFolder = try cluster.installFolder
        guard let configuration = try? cluster.settings.configuration(installFolder: installFolder) else { return true }
        let finder = HookFinder(
            settings: cluster.settings, installFolder: installFolder, configuration: configuration)
        guard let hooks = try? finder.hooks(of: HookEvent(named: event), image: image) else { return true }
        return !hooks.isEmpty
    }
}

/// A hook that failed. `hook-run` has said which one and why.
struct HookFailure: Diagnosable {
    var event: String

    var diagnostic: Diagnostic {
        event.hasPrefix("post-")
            ? Diagnostic("a hook of \(event) failed; what was done stands", remedy: "see what it says above")
            : Diagnostic("a hook of \(event) refused; nothing was changed", remedy: "see what it says above")
    }
}
