internal import Profiles
internal import Sandbox
internal import Support
internal import SystemPackage

/// Enterprise Linux, Fedora and their kin: dnf, with its packages' scripts in the namespaces of the image.
struct DnfDriver: PackageDriver {
    private let workspace: RpmWorkspace
    private let program: PackageProgram
    private let tools: RpmTools

    init(_ workspace: RpmWorkspace, _ program: PackageProgram) {
        self.workspace = workspace
        self.program = program
        tools = RpmTools(workspace, program)
    }

    var warnings: [String] { tools.warnings }

    /// The first step reads the indexes, and says what is wrong with them: an interpreter started for that alone takes a second.
    func refresh(_ lock: borrowing ImageLock) throws {}

    func base(_ lock: borrowing ImageLock) throws -> [String] { [] }

    func packages(of tree: FilePath) throws -> [String: String] { try tools.versions(of: tree) }

    func simulation(of tree: FilePath?, _ lock: borrowing ImageLock) throws -> any PackageSimulation {
        let held = try HeldLock(lock)
        return try tools.simulation(of: tree) { step, scratch in
            try ask(request(step, scratch), scratch, [:], held.lock)
        } record: { outcome, scratch in
            try tools.record(outcome, in: scratch, held.lock)
        } check: { outcome in
            try workspace.keys.check(outcome.installed, workspace, held.lock)
        }
    }

    func bootstrap(_ tree: FilePath, _ lock: borrowing ImageLock) throws {}

    func repair(_ tree: FilePath, _ interruption: PackageInterruption, _ lock: borrowing ImageLock) throws {
        let names = try tools.repair(tree, interruption, lock)
        guard !names.isEmpty else { return }
        var request = request(.remove(names), tree)
        request.step = "reinstall"
        request.changes = true
        _ = try ask(request, tree, [:], lock)
    }

    func begin(_ tree: FilePath, _ lock: borrowing ImageLock) throws { try tools.begin(tree, lock) }

    func run(_ call: PackageTransaction.Call, on tree: FilePath, _ lock: borrowing ImageLock) throws {
        let step = try tools.plain(call.step, on: tree)
        guard !step.isEmpty else { return }
        var request = request(step, tree)
        request.changes = true
        try tools.carryOut(in: tree) { try ask(request, tree, call.environment, lock) }
    }

    func end(_ tree: FilePath, _ lock: borrowing ImageLock) throws { try tools.end(tree, lock) }

    private func request(_ step: PackageStep, _ tree: FilePath) -> DnfRequest {
        DnfRequest(step, on: tree, workspace)
    }

    private func ask(
        _ request: DnfRequest, _ tree: FilePath, _ variables: [String: String], _ lock: borrowing ImageLock
    ) throws -> RpmOutcome {
        let words = try request.write(workspace)
        try workspace.writeMacros(database: tools.databasePlace(of: tree))
        try (request.changes ? program : workspace.planner).run(workspace.sandbox(tree, variables), words, lock)
        guard let answer = try DnfRequest.readAnswer(workspace) else {
            throw PackageError.failed("dnf-step", .exited(0), lastLines: "")
        }
        if let problem = answer.problem { throw error(problem) }
        return RpmOutcome(
            installed: (answer.installed ?? []).map { package in
                let number = Int((package.repository ?? "").drop { !$0.isNumber }) ?? 1
                let repository = workspace.repositories[min(max(number, 1), workspace.repositories.count) - 1]
                return RpmOutcome.Installation(
                    package: package.package, file: workspace.hostFile(package.file ?? ""),
                    repository: repository.shown, isFromURL: repository.top == nil)
            },
            removed: (answer.removed ?? []).map(\.package), selected: answer.selected ?? [:],
            failures: answer.failures ?? [])
    }

    private func error(_ problem: DnfRequest.Answer.Problem) -> any Error {
        let text = workspace.readable(problem.text ?? "")
        switch problem.kind {
        case "unknown": return tools.unknown(problem.names ?? [])
        case "damaged":
            return RpmSignatureError.notPackage(
                (problem.names ?? []).prefix(5).joined(separator: " "), workspace.place(namedIn: problem.text ?? ""))
        case "repository": return RepositoryError.unusable(workspace.place(namedIn: problem.text ?? ""), reason: text)
        case "unresolvable": return PackageError.unresolvable(text, workspace.requests(in: text))
        default: return PackageError.failed("dnf", .exited(1), lastLines: text)
        }
    }
}
