internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

/// An object that is to be made or changed.
struct ObjectDraft {
    var type: ObjectType
    var name: String
    var values: [(name: String, value: String)]
    /// The line of a file that it comes from, where messages are to name it.
    var line: Int?

    subscript(attribute: String) -> String? { values.last { $0.name == attribute }?.value }

    mutating func set(_ attribute: String, _ value: String) {
        values.removeAll { $0.name == attribute }
        values.append((attribute, value))
    }
}

/// What a command will change, and what it will say about it: nothing is printed or written before all is known.
struct ChangePlan {
    enum Note {
        case warning(String)
        case error(Diagnostic)
    }

    var batch = TableBatch()
    var notes: [Note] = []
    /// Objects that are made or changed.
    var changed: [String] = []
    /// The same with their types, for hooks; of a renamed object the old name and the new.
    var touched: [(type: String, name: String)] = []
    /// Those of them that are new.
    var created: [String] = []
    /// Objects could not be made or changed: the closing line says so.
    var hasFailures = false
    /// Something else went wrong: only the exit status tells.
    var hasErrors = false

    mutating func change(_ type: ObjectType, _ name: String) {
        changed.append(name)
        touched.append((type.name, name))
    }

    mutating func warn(_ text: String) { notes.append(.warning(text)) }

    /// Notes an error that spoils an object.
    mutating func fail(_ diagnostic: Diagnostic) {
        notes.append(.error(diagnostic))
        hasFailures = true
    }

    /// Notes an error that leaves the rest of the object valid.
    mutating func complain(_ diagnostic: Diagnostic) {
        notes.append(.error(diagnostic))
        hasErrors = true
    }

    /// Names an object and its line in the errors that were noted after the first `count`.
    mutating func place(_ draft: ObjectDraft, after count: Int) {
        guard let line = draft.line else { return }
        for index in notes.indices.dropFirst(count) {
            guard case .error(let diagnostic) = notes[index] else { continue }
            notes[index] = .error(diagnostic.placed(draft.type.name, draft.name, line: line))
        }
    }

    func printNotes() {
        for note in notes {
            switch note {
            case .warning(let text): Console.warning(text)
            case .error(let diagnostic): Console.error(diagnostic)
            }
        }
    }
}

/// Carries a plan out through `table-set`; a plan that another command has overtaken is made again.
enum PlannedChange {
    /// - Parameters:
    ///   - hooks: of the command; asked before anything is written, again when a plan made anew touches other objects.
    ///   - prepare: what else must be done once no hook refuses, before anything is written.
    ///   - plan: makes the plan from the tables as they are now.
    /// - Returns: the plan that was carried out. Its notes have been printed.
    static func apply(
        _ hooks: DefinitionHooks? = nil, prepare: (ChangePlan) throws -> Void = { _ in },
        _ plan: (Cluster) throws -> ChangePlan
    ) throws -> ChangePlan {
        var generator = SystemRandomNumberGenerator()
        var asked: [String]?
        var queue: ChangeQueue?
        for attempt in 0..<100 {
            let cluster = try Cluster.open()
            let made = try plan(cluster)
            try made.batch.checkValues()
            if made.batch.isEmpty {
                made.printNotes()
                return made
            }
            let touched = made.touched.map { "\($0.type) \($0.name)" }
            if asked != touched {
                // Hooks may take long; nobody waits for them.
                queue = nil
                try hooks?.before(made, cluster)
                try prepare(made)
            }
            asked = touched
            let isLast = attempt == 99
            let ending = try Step(
                "table-set", isLast ? ["--stdin"] : ["--stdin", "--quiet"], input: made.batch.bytes
            ).status()
            switch ending {
            case .exited(0):
                made.printNotes()
                return made
            case .exited(1) where !isLast:
                if queue == nil { queue = ChangeQueue(cluster.settings) }
                // Those who are not in the queue come in between, those of other machines, too.
                if attempt > 0 { Pause.milliseconds(UInt32.random(in: 1...UInt32(5 + attempt), using: &generator)) }
            case .exited: throw CommandFailure([])  // It has said why.
            case .signaled: throw StepError.failed("table-set", ending)
            }
        }
        throw CommandFailure([])
    }
}

extension Diagnostic {
    /// The same, said of an object and its line of a file.
    func placed(_ type: String, _ name: String, line: Int) -> Diagnostic {
        Diagnostic("\(type) '\(name)' on line \(line): \(problem)", subject: subject, remedy: remedy)
    }
}
