internal import Support

/// The events that started this process, from `CATBOAT_EVENT_STACK`: one `event image` a line, outermost first.
struct EventStack {
    private static let variable = "CATBOAT_EVENT_STACK"
    private var lines: [String]

    init(_ environment: Environment) {
        lines = environment.text(Self.variable)?.split(separator: "\n").map(String.init) ?? []
    }

    func pushing(_ event: HookEvent, _ image: String?) -> EventStack {
        var copy = self
        copy.lines.append(Self.line(event, image))
        return copy
    }

    var word: Word { Word(lines.joined(separator: "\n")) }

    private static func line(_ event: HookEvent, _ image: String?) -> String {
        image.map { "\(event.name) \($0)" } ?? event.name
    }

    /// A hook that starts the command that started it, for the same image, would go round for ever.
    /// Other commands, and the same command for another image, are fine.
    func admit(_ event: HookEvent, _ image: String?) throws(HookError) {
        for line in lines {
            let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard let name = parts.first, let running = try? HookEvent(named: name) else { continue }
            guard running.command == event.command, (parts.count > 1 ? parts[1] : nil) == image else { continue }
            throw .reentered(event: event.command, image: image, by: running.name)
        }
    }
}
