internal import CommandShell
internal import Definitions
internal import Profiles
internal import Settings
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// What nodeset will write for each node, and why some nodes are left out. Reads definitions, changes nothing.
struct NodesetPlan {
    /// A node that is left out.
    struct Problem: Equatable {
        var node: String
        var message: String

        var text: String { "\(node): Error: \(message)" }
    }

    /// What a node gets.
    struct Setting {
        var node: String
        /// `KEY=VALUE` fields of its boot record.
        var fields: [String]
        /// Cells of `nodetype`; empty when the row stays as it is.
        var nodetype: [(column: String, value: String)]
        var state: String
        var image: String?
        /// What its prescripts are chosen by.
        var prescripts: Prescripts.Subject
    }

    private let cluster: Cluster
    private let request: NodesetRequest
    private(set) var settings: [Setting] = []
    private(set) var problems: [Problem] = []
    /// Boot methods of the nodes that failed.
    private(set) var failedMethods: [String] = []
    /// Images that have a packed root but were never published, e.g. because another tool packed them.
    private(set) var imagesToPublish: [Osimage] = []

    init(_ request: NodesetRequest, _ nodes: [String], _ cluster: Cluster) throws {
        self.request = request
        self.cluster = cluster
        let definitions = try cluster.definitions(ObjectType.named("node"), nodes)
        if case .osimage(let name?) = request { _ = try image(named: name) }
        for definition in definitions { try add(definition) }
    }

    /// - Throws: `CommandFailure` with xCAT's words.
    private func image(named name: String) throws -> Osimage {
        guard let image = try cluster.findOsimage(name) else {
            throw CommandFailure([Diagnostic("Cannot find the OS image \(name) in the osimage table.")])
        }
        guard image.provmethod != nil else {
            throw CommandFailure([Diagnostic("osimage.provmethod for \(name) must be set.")])
        }
        return image
    }

    private mutating func add(_ definition: Definition) throws {
        let method = definition["netboot"] ?? "xnba"
        do {
            let setting = try setting(for: definition)
            guard method == "xnba" else {
                throw Refusal("netboot method '\(method)' is not supported yet: set netboot=xnba")
            }
            settings.append(setting)
        } catch let refusal as Refusal {
            problems.append(Problem(node: definition.name, message: refusal.message))
            if !failedMethods.contains(method) { failedMethods.append(method) }
        }
    }

    /// A reason to leave out one node and go on.
    private struct Refusal: Error {
        var message: String

        init(_ message: String) { self.message = message }
    }

    private mutating func setting(for definition: Definition) throws -> Setting {
        let node = definition.name
        guard definition["ip"] != nil || HostName.resolves(node) else {
            throw Refusal("The \(node) can not be resolved")
        }
        func plain(_ state: String) -> Setting {
            Setting(
                node: node, fields: ["state=\(state)"], nodetype: [], state: state, image: nil,
                prescripts: Self.prescripts(definition, [state]))
        }
        switch request {
        case .boot: return plain("boot")
        case .offline: return plain("offline")
        case .osimage(let name):
            guard let name = name ?? definition["provmethod"], !["install", "netboot", "statelite"].contains(name)
            else {
                throw Refusal("OS image name must be specified in nodetype.provmethod")
            }
            return try netboot(try image(named: name), definition)
        case .stat: preconditionFailure("stat changes nothing and needs no plan")
        }
    }

    private mutating func netboot(_ image: Osimage, _ definition: Definition) throws -> Setting {
        guard definition["mac"] != nil else { throw Refusal("No MAC address available for this node") }
        guard image.provmethod == "netboot" else {
            throw Refusal(
                "provmethod '\(image.provmethod ?? "")' of \(image.name) is not supported yet: use a netboot image")
        }
        guard let osvers = image.osvers, let osarch = image.osarch, let profile = image.profile else {
            throw Refusal("osvers, osarch and profile of \(image.name) must be set")
        }
        try checkPublished(image)
        let state = "netboot \(osvers)-\(osarch)-\(profile)"
        return Setting(
            node: definition.name,
            fields: ["state=\(state)", "osimage=\(image.name)"] + (try bootFields(image, definition)),
            nodetype: [
                (column: "provmethod", value: image.name), (column: "os", value: osvers),
                (column: "arch", value: osarch),
                (column: "profile", value: profile),
            ],
            state: state, image: image.name,
            prescripts: Self.prescripts(definition, ["osimage", image.provmethod ?? "netboot"]))
    }

    private static func prescripts(_ definition: Definition, _ actions: Set<String>) -> Prescripts.Subject {
        var values: [Prescripts.Stage: String] = [:]
        for stage in [Prescripts.Stage.begin, .end] { values[stage] = definition["prescripts-\(stage.rawValue)"] }
        return Prescripts.Subject(node: definition.name, values: values, actions: actions)
    }

    /// Leaves out nodes whose begin scripts failed, and images that no other node gets.
    mutating func leaveOut(_ failed: [String: String]) {
        for setting in settings {
            guard let failure = failed[setting.node] else { continue }
            note(setting.node, "\(failure); the node was not changed")
        }
        settings.removeAll { failed[$0.node] != nil }
        imagesToPublish.removeAll { image in !settings.contains { $0.image == image.name } }
    }

    /// Notes nodes that were set, and whose end scripts failed.
    mutating func complain(_ failed: [String: String]) {
        for setting in settings {
            guard let failure = failed[setting.node] else { continue }
            note(setting.node, "\(failure); what was set stands")
        }
    }

    private mutating func note(_ node: String, _ message: String) {
        problems.append(Problem(node: node, message: message))
        if !failedMethods.contains("xnba") { failedMethods.append("xnba") }
    }

    /// A published set is what the node boots; kernel and packed root are looked for as xCAT does, to say what is missing.
    private mutating func checkPublished(_ image: Osimage) throws {
        guard let stored = try image.rootimgdir(cluster) else {
            throw Refusal("rootimgdir of \(image.name) must be set")
        }
        let bootFile = try cluster.tftpHostFolder.joined("xcat/osimage").joined(image.name).joined("boot.ipxe")
        if bootFile.isRegularFile { return }
        let folder = try cluster.settings.host(stored)
        guard folder.joined("kernel").isRegularFile else {
            throw Refusal(
                "Did you run \"genimage\" before running \"packimage\"? kernel cannot be found at \(stored.printable)/kernel "
                    + "on \(HostName.short)")
        }
        let names = (try? folder.directoryNames().map(\.printable)) ?? []
        guard names.contains(where: { $0.hasPrefix("rootimg.") }) else {
            throw Refusal(
                "No packed image for platform \(image.osvers ?? ""), architecture \(image.osarch ?? ""), and profile "
                    + "\(image.profile ?? "") found at \(stored.printable)/rootimg.gz or \(stored.printable)/rootimg.cpio.gz. "
                    + "Please run packimage (e.g.  packimage \(image.name))")
        }
        if !imagesToPublish.contains(where: { $0.name == image.name }) { imagesToPublish.append(image) }
    }

    private func bootFields(_ image: Osimage, _ definition: Definition) throws -> [String] {
        let master = definition["xcatmaster"]
        // A server that is the master itself is as if it were not set.
        let server = [definition["nfsserver"], definition["tftpserver"]].compactMap { $0 }.first {
            $0 != "<xcatmaster>"
        }
        var fields = ["method=\(try cluster.site("httpmethod") ?? "http")"]
        if let port = try cluster.site("httpport") { fields.append("http-port=\(port)") }
        if let port = try cluster.site("xcatdport") { fields.append("xcatd-port=\(port)") }
        if let server = server ?? master { fields.append("image-server=\(server)") }
        if let master { fields.append("master=\(master)") }
        if ["1", "y", "yes"].contains(try cluster.site("useflowcontrol")?.lowercased()) {
            fields.append("flow-control=1")
        }
        if ["0", "n", "no"].contains(try cluster.site("nodestatus")?.lowercased()) {
            fields.append("report-status=no")
        }
        fields += interfaceField(definition["installnic"] ?? definition["primarynic"] ?? image["nodebootif"])
        guard
            let consoles = SerialConsole.words(
                port: definition["serialport"], speed: definition["serialspeed"], flow: definition["serialflow"])
        else { throw Refusal("serialport defined, but no serialspeed for \(definition.name) in nodehm table") }
        fields += consoles.map { "console=\($0)" }
        let appended = [definition["addkcmdline"], image["addkcmdline"] ?? "quiet"].compactMap { $0 }
        if Self.bootsWithoutSELinux(image, appended) { fields.append("append=selinux=0") }
        fields += appended.map { "append=\($0)" }
        return fields.map { $0.replacing("\t", with: " ").replacing("\n", with: " ") }
    }

    /// A root in memory has no labels unless the node makes them, so these boot without SELinux, as with xCAT, until `selinux=` says
    /// otherwise.
    private static func bootsWithoutSELinux(_ image: Osimage, _ appended: [String]) -> Bool {
        let words = appended.flatMap { $0.split(whereSeparator: \.isWhitespace) }
        guard let osvers = image.osvers, !words.contains(where: { $0.hasPrefix("selinux=") }) else { return false }
        return ["rhels", "rhel", "rhelhpc", "ol", "alma", "rocky"].contains(OSName(osvers).parts.base)
    }

    /// `mac` means the interface that the node booted from, which the boot loader knows.
    private func interfaceField(_ value: String?) -> [String] {
        guard let value, value != "mac" else { return [] }
        let digits = value.filter { $0 != ":" && $0 != "-" }
        return digits.count == 12 && digits.allSatisfy(\.isHexDigit) ? ["bootif=\(value)"] : ["netdev=\(value)"]
    }

    /// Publishes what another tool packed; its nodes are left out when that fails.
    mutating func publish(_ image: Osimage) {
        do {
            guard let stored = try image.rootimgdir(cluster) else { return }
            try Step(
                "image-publish",
                [
                    "--rootimgdir", Word(try cluster.settings.host(stored)), "--tftpdir",
                    Word(try cluster.tftpHostFolder),
                    Word(image.name),
                ]
            ).run(output: .null)
        } catch {
            for setting in settings where setting.image == image.name {
                problems.append(Problem(node: setting.node, message: "\(image.name) could not be published"))
            }
            settings.removeAll { $0.image == image.name }
            if !failedMethods.contains("xnba") { failedMethods.append("xnba") }
        }
    }

    /// Standard input of bootcfg-write.
    var bootRecords: [UInt8] {
        Array(settings.map { ([$0.node] + $0.fields).joined(separator: "\t") + "\n" }.joined().utf8)
    }

    /// Standard input of table-set.
    var tableBatch: [UInt8] {
        var lines: [String] = []
        for setting in settings {
            if !setting.nodetype.isEmpty {
                let cells = setting.nodetype.map { "\($0.column)=\($0.value)" }
                lines.append((["set", "nodetype", "node=\(setting.node)", ":"] + cells).joined(separator: "\t"))
            }
            lines.append(
                ["set", "chain", "node=\(setting.node)", ":", "currstate=\(setting.state)"].joined(separator: "\t"))
        }
        return Array(lines.map { $0 + "\n" }.joined().utf8)
    }
}

/// `console=` words of nodehm's serial attributes.
enum SerialConsole {
    /// nil when there is a port and no speed.
    static func words(port: String?, speed: String?, flow: String?) -> [String]? {
        guard let port, !port.isEmpty else { return [] }
        guard let speed, !speed.isEmpty else { return nil }
        let control = ["hard", "rtscts", "ctsrts"].contains(flow ?? "") ? "n8r" : ""
        return ["tty0", "ttyS\(port),\(speed)\(control)"]
    }
}

/// Names of machines.
enum HostName {
    /// This machine, without its domain.
    static var short: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(name.prefix { $0 != "." })
    }

    /// Whether the system's resolver knows an address.
    static func resolves(_ name: String) -> Bool {
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, nil, &list) == 0 else { return false }
        freeaddrinfo(list)
        return true
    }
}
