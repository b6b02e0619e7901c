internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

struct RmimageCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "rmimage", abstract: "Remove the root image of an osimage.")

    @Flag(name: [.customShort("V"), .long], help: "Name everything that is removed.") var verbose = false
    @Flag(help: "Remove the osimage's definition, too.") var xcatdef = false
    @Flag(help: "Remove also what nodes boot from.") var force = false
    @Option(name: .customShort("o"), help: "Distribution and version, without an image name.") var osver: String?
    @Option(name: .customShort("a"), help: "Architecture, without an image name.") var arch: String?
    @Option(name: .customShort("p"), help: "Profile, without an image name.") var profile: String?
    @Flag(inversion: .prefixedNo, help: "Run hooks.") var hooks = true
    @Argument(
        help: "The osimage.", completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var imagename: String?

    func run() throws {
        let cluster = try Cluster.open()
        let target = try RmimageTarget(try named(), removesDefinition: xcatdef, cluster)
        let lock = try ImageLock(target.folder)
        if xcatdef, !force { try refuseWhileBooted(target, cluster, lock) }
        try hook("pre-rmimage", target, cluster, lock)
        let removals = try remove(target, [], cluster, lock)
        try tell(removals)
        try Console.print("Image files have been removed successfully from this management node.")
        if xcatdef {
            try Console.print("Removing osimage definition for \(target.image).")
            let batch = DefinitionRemoval.batch(try ObjectType.named("osimage"), target.image)
            try Step("table-set", ["--stdin"], input: batch.bytes, settings: cluster.settings).run()
            try Console.print("osimage definition for \(target.image) is removed successfully.")
        }
        try hook("post-rmimage", target, cluster, lock)
    }

    private func named() throws -> RmimageTarget.Name {
        if let imagename {
            guard osver == nil, arch == nil, profile == nil else {
                throw UsageFailure("-o, -p and -a options are not allowed when a image name is specified.")
            }
            return .image(imagename)
        }
        guard let osver, let arch, let profile else {
            let isBare = osver == nil && arch == nil && profile == nil
            throw UsageFailure(isBare ? nil : "-o, -p and -a must be given together.")
        }
        guard !xcatdef else { throw UsageFailure("--xcatdef needs an image name.") }
        return .parts(osver: osver, arch: arch, profile: profile)
    }

    private struct Removal: Decodable {
        var state: String
        var kind: String
        var name: JSONName

        var printable: String { String(decoding: name.bytes, as: UTF8.self) }
        /// Whether only commands of ours know it.
        var isHidden: Bool { FilePath(bytes: name.bytes).components.contains { $0.string.hasPrefix(".") } }
    }

    private struct Answer: Decodable {
        var removals: [Removal]
    }

    private func remove(
        _ target: RmimageTarget, _ flags: [Word], _ cluster: Cluster, _ lock: borrowing ImageLock
    ) throws -> [Removal] {
        let tftpFolder = try cluster.settings.host(try cluster.tftpFolder)
        var words: [Word] = ["--json", "--rootimgdir", Word(target.folder), "--tftpdir", Word(tftpFolder)] + flags
        if force { words.append("--force") }
        let answer = try step("rootimg-remove", words + [Word(target.image)], cluster, lock).captured()
        return try JSONText.decode(Answer.self, answer.output).removals
    }

    private func refuseWhileBooted(_ target: RmimageTarget, _ cluster: Cluster, _ lock: borrowing ImageLock) throws {
        let nodes = try remove(target, ["--dry-run"], cluster, lock).filter { $0.state == "boots" }.map(\.printable)
        guard nodes.isEmpty else {
            throw CommandFailure([
                Diagnostic(
                    "nodes boot this image: \(nodes.joined(separator: ","))",
                    remedy: "give them another one with nodeset, or take it from them with rmimage --force")
            ])
        }
    }

    private func tell(_ removals: [Removal]) throws {
        for removal in removals where removal.state == "removed" && (verbose || !removal.isHidden) {
            try Console.print("Removing \(removal.kind) \(removal.printable)")
        }
        let nodes = removals.filter { $0.state == "boots" }.map(\.printable)
        let kept = removals.filter { $0.state == "kept" }.map(\.printable)
        if !nodes.isEmpty {
            Console.warning(
                "nodes boot this image: \(nodes.joined(separator: ",")): "
                    + (kept.isEmpty
                        ? "they find nothing any more"
                        : "what they load stays until nodeset gives them another one and rmimage runs again"))
        }
        if nodes.isEmpty || verbose {
            for path in kept { Console.warning("kept, because nodes can boot from it: \(path)") }
        }
    }

    private func hook(
        _ event: String, _ target: RmimageTarget, _ cluster: Cluster, _ lock: borrowing ImageLock
    ) throws {
        guard hooks else { return }
        try step("hook-run", ["--osimage", Word(target.image), Word(event)], cluster, lock).run()
    }

    private func step(
        _ verb: String, _ words: [Word], _ cluster: Cluster, _ lock: borrowing ImageLock
    ) -> Step {
        Step(verb, words, settings: cluster.settings).passing(lock.descriptor, as: ImageLock.variable)
    }
}
