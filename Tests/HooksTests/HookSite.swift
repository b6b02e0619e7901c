import Hooks
import Settings
import Support
import SystemPackage
import TestSupport

/// A site below the scratch directory: `/install/custom/hooks` and shipped hooks in `share`.
struct HookSite {
    var configuration = Configuration()
    var caller = Environment(["LANG": "de_DE.UTF-8", "SECRET_OF_THE_CALLER": "x", "LD_PRELOAD": ""])

    var settings: Settings {
        Settings(
            root: RootFolder(Scratch.directory), overrides: [], execPath: "/nonexistent/libexec",
            dataFolder: Scratch.directory.joined("share"))
    }

    var finder: HookFinder {
        HookFinder(settings: settings, installFolder: "/install", configuration: configuration)
    }

    /// Writes an executable shell script below `/install/custom/hooks`.
    @discardableResult
    func hook(_ name: String, _ body: String = "", permissions: UInt32 = 0o755) throws -> FilePath {
        try Scratch.write("#!/bin/sh\n\(body)\n", to: "install/custom/hooks/\(name)", permissions: permissions)
    }

    @discardableResult
    func shipped(_ name: String, _ body: String = "") throws -> FilePath {
        try Scratch.write("#!/bin/sh\n\(body)\n", to: "share/hooks.d/\(name)", permissions: 0o755)
    }

    func mask(_ name: String) throws {
        let path = Scratch.directory.joined("install/custom/hooks/\(name)")
        try path.removingLastComponent().createDirectories()
        try path.createSymbolicLink(to: "/dev/null")
    }

    /// `origin name` of each hook, with the reason of those that do not run.
    func listed(_ event: String, image: String? = nil) throws -> [String] {
        try finder.hooks(of: HookEvent(named: event), image: image).map { hook in
            "\(hook.origin.name) \(hook.name.printable)" + (hook.ignored.map { " - \($0.reason)" } ?? "")
        }
    }

    /// Runs the event and gives what was printed and the results.
    func run(
        _ event: String, image: String? = nil, _ change: (inout HookContext) -> Void = { _ in }
    ) throws -> (output: String, results: [HookRunner.Result]) {
        let event = try HookEvent(named: event)
        var context = HookContext(event: event, image: image)
        change(&context)
        let printed = Scratch.directory.joined("printed")
        let file = try FileDescriptor.open(
            printed, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        defer { try? file.close() }
        let runner = HookRunner(settings: settings, caller: caller, output: file)
        try runner.admit(event, image: image)
        let results = try runner.run(finder.hooks(of: event, image: image), context)
        return (try printed.readText(), results)
    }

    mutating func configure(_ text: String) throws {
        let file = try Scratch.write(text, to: "etc/catboat/config")
        configuration = try Configuration.file(file, named: "/etc/catboat/config")
    }
}
