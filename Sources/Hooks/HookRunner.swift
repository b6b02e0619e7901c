public import Settings
public import Support
public import SystemPackage

/// Runs the hooks of an event that were found.
public struct HookRunner: Sendable {
    private let settings: Settings
    private let caller: Environment
    private let scripts: ScriptRunner
    private let entering: Entering?

    /// Makes a program run inside the root image.
    ///
    /// Gets the hook, its program (of the host, or of the image when `isOfImage`) with words, the environment that it
    /// shall see, and the tool that runs something on the host for this hook; changes that tool's program and words.
    public typealias Entering = @Sendable (_ inner: Tool, _ isOfImage: Bool, _ outer: Tool, _ hook: Hook) throws -> Tool

    /// - Parameter ownsChildren: see `ScriptRunner`.
    public init(
        settings: Settings, caller: Environment = .current, output: FileDescriptor = .standardError,
        ownsChildren: Bool = false, entering: Entering? = nil
    ) {
        (self.settings, self.caller, self.entering) = (settings, caller, entering)
        scripts = ScriptRunner(output: output, ownsChildren: ownsChildren)
    }

    /// One hook that ran, and how it ended.
    public struct Result: Sendable {
        public var hook: Hook
        public var outcome: ScriptOutcome
    }

    /// Refuses an event whose command is already running for the image in a process that started us.
    public func admit(_ event: HookEvent, image: String?) throws(HookError) {
        try EventStack(caller).admit(event, image)
    }

    /// Runs `hooks` in their order. Of an event that can veto, the first failure is the last to run.
    ///
    /// - Returns: those that ran. A hook interrupted by a signal is the last one in any case.
    /// - Throws: `HookError.notStarted`, `.unreadable`, and what `entering` throws.
    public func run(_ hooks: [Hook], _ context: HookContext) throws -> [Result] {
        // Without a tree `rm $CATBOAT_ROOTIMG/etc/x` of a hook would hit this machine.
        guard !context.event.needsRootImage || context.rootimgdir != nil else {
            throw HookError.noImage(event: context.event.name, image: context.image)
        }
        var results: [Result] = []
        for hook in hooks where hook.ignored == nil {
            let outcome = try run(hook, context)
            results.append(Result(hook: hook, outcome: outcome))
            if case .interrupted = outcome.cut { break }
            if !outcome.isSuccess, context.event.isVeto { break }
        }
        return results
    }

    private func run(_ hook: Hook, _ context: HookContext) throws -> ScriptOutcome {
        let outer = try tool(for: hook, context)
        let tool = hook.isInImage ? try entered(hook, outer, context) : outer
        let script = Script(
            tool, label: Word(hook.name), input: try context.document(settings), timeLimit: hook.timeLimit)
        do {
            return try scripts.run(script)
        } catch {
            throw HookError.notStarted(error)
        }
    }

    private func entered(_ hook: Hook, _ outer: Tool, _ context: HookContext) throws -> Tool {
        guard let entering, let rootimgdir = context.rootimgdir,
            try settings.root.host(rootimgdir.joined("rootimg")).isDirectory
        else { throw HookError.noTree(hook: hook.name, image: context.image) }
        var inner = outer
        inner.environment = context.imageEnvironment(outer.environment, for: hook)
        var isOfImage = false
        if case .imageProgram = hook.action { isOfImage = true }
        return try entering(inner, isOfImage, outer, hook)
    }

    /// What runs for a hook, as a value; for one inside the root image, what runs there.
    public func tool(for hook: Hook, _ context: HookContext) throws(HookError) -> Tool {
        do throws(FileError) {
            let environment = try context.environment(for: hook, settings: settings, caller: caller)
            let (program, words) =
                switch hook.action {
                case .program(let program, let words), .imageProgram(let program, let words):
                    (program, words + context.arguments)
                case .postscript(let program, let words): (program, words)
                }
            var tool = Tool(program, words)
            // The hook's own environment, without the `LC_ALL` that tools get whose messages we read.
            tool.environment = environment
            tool.directory = try context.directory(settings)
            for variable in ["CATBOAT_LOCK_FD", "CATBOAT_TRACE"] {
                guard let number = environment.text(variable).flatMap({ CInt($0) }), number > 2, number < 256 else {
                    continue
                }
                tool.descriptors[number] = FileDescriptor(rawValue: number)
            }
            return tool
        } catch {
            throw .unreadable(error)
        }
    }
}

extension HookRunner {
    /// What the hooks of an event are told, as one JSON document: arguments, working directory, environment, input.
    ///
    /// For a site's own tests of its hooks. What differs from hook to hook is left out of the environment.
    public func savedContext(_ context: HookContext) throws(HookError) -> [UInt8] {
        do throws(FileError) {
            let some = Hook(name: "", origin: .site, place: "", action: .program("", []))
            var environment = try context.environment(for: some, settings: settings, caller: caller)
            for name in ["CATBOAT_HOOK", "CATBOAT_HOOK_ORIGIN"] { environment[name] = nil }
            let variables = environment.names.map { name in
                "\(JSONText.quoted(name)):\(JSONName(environment[name]?.bytes ?? []).text)"
            }
            let arguments = context.arguments.map { JSONName($0.bytes).text }.joined(separator: ",")
            let directory = JSONName(try context.directory(settings).bytes).text
            let input = try context.document(settings).filter { $0 != 0x0a }
            let head =
                "{\"arguments\":[\(arguments)],\"directory\":\(directory),"
                + "\"environment\":{\(variables.joined(separator: ","))},\"input\":"
            return JSONText.document("contexts", raw: [Array(head.utf8) + input + Array("}".utf8)])
        } catch {
            throw .unreadable(error)
        }
    }
}
