internal import Settings
public import Support
public import SystemPackage

/// What hooks of one event are told: arguments, environment, JSON, working directory.
public struct HookContext: Sendable {
    public var event: HookEvent
    /// Name of the osimage; nil when the event is about no single image.
    public var image: String?
    public var arguments: [Word]
    /// Attributes of the image, as `definition-get` resolves them.
    public var attributes: [String: String]
    /// As stored; nil without image.
    public var rootimgdir: FilePath?
    /// `<installdir>` and `<tftpdir>` as stored.
    public var installFolder: FilePath
    public var tftpFolder: FilePath
    /// Further values that the porcelain knows, e.g. `new_digest`.
    public var facts: [String: String]
    /// The document of `definition-get`; empty without image.
    public var definition: [UInt8]
    /// Attributes of the site table, which postscripts get.
    public var site: [String: String] = [:]

    public init(
        event: HookEvent, image: String? = nil, arguments: [Word] = [], attributes: [String: String] = [:],
        rootimgdir: FilePath? = nil, installFolder: FilePath = "/install", tftpFolder: FilePath = "/tftpboot",
        facts: [String: String] = [:], definition: [UInt8] = []
    ) {
        (self.event, self.image, self.arguments, self.attributes) = (event, image, arguments, attributes)
        (self.rootimgdir, self.installFolder, self.tftpFolder) = (rootimgdir, installFolder, tftpFolder)
        (self.facts, self.definition) = (facts, definition)
    }

    /// Where programs of hooks are looked for: the plumbing, then the system.
    static func searchPath(_ settings: Settings) -> [FilePath] {
        [settings.execPath, "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    }

    /// Names that a hook keeps from the caller's environment: language, time zone, and what makes Catboat's own
    /// commands work in a hook as they do outside.
    private static let kept = [
        "LANG", "LANGUAGE", "TZ", "TERM", "SOURCE_DATE_EPOCH", "CATBOAT_DB", "CATBOAT_DATADIR", "CATBOAT_EXEC_PATH",
        "CATBOAT_TRACE", "CATBOAT_TRACE_DEPTH", "CATBOAT_LOCK_FD",
    ]

    /// The whole environment of one hook.
    func environment(for hook: Hook, settings: Settings, caller: Environment) throws(FileError) -> Environment {
        var result = Environment()
        // What has just come in a bundle says nothing to the site's hooks before somebody could look at it.
        let variables = event.command == "imgimport" ? "" : attributes["environvar"] ?? ""
        for (name, value) in Self.variables(of: variables) { result[name] = Word(value) }
        for name in Self.kept + caller.names.filter({ $0.hasPrefix("LC_") }) {
            result[name] = caller[name] ?? result[name]
        }
        result["PATH"] = Word(bytes: Array(Self.searchPath(settings).map(\.bytes).joined(separator: [0x3a])))
        result["HOME"] = caller["HOME"] ?? "/root"
        result = result.merging(settings.childEnvironment)
        result["CATBOAT_DATADIR"] = Word(settings.dataFolder)
        result["CATBOAT_EXEC_PATH"] = Word(settings.execPath)
        for (name, value) in facts { result["CATBOAT_\(name.uppercased())"] = Word(value) }
        result["CATBOAT_EVENT"] = Word(event.name)
        result["CATBOAT_HOOK"] = Word(hook.name)
        result["CATBOAT_HOOK_ORIGIN"] = Word(hook.origin.name)
        result["CATBOAT_EVENT_STACK"] = EventStack(caller).pushing(event, image).word
        result["CATBOAT_INSTALLDIR"] = Word(installFolder)
        result["CATBOAT_TFTPDIR"] = Word(tftpFolder)
        let credentials = try settings.root.host("/etc/catboat/credentials")
        if credentials.isDirectory { result["CATBOAT_CREDENTIALS"] = Word(credentials) }
        guard let image else { return result }
        result["CATBOAT_IMAGE"] = Word(image)
        for (variable, attribute) in [
            ("CATBOAT_OSVERS", "osvers"), ("CATBOAT_OSARCH", "osarch"), ("CATBOAT_PROFILE", "profile"),
            ("CATBOAT_PROVMETHOD", "provmethod"),
        ] {
            result[variable] = attributes[attribute].map { Word($0) }
        }
        if let rootimgdir {
            result["CATBOAT_ROOTIMGDIR"] = Word(rootimgdir)
            result["CATBOAT_ROOTIMG"] = Word(try settings.root.host(rootimgdir.joined("rootimg")))
        }
        return result
    }

    /// What a hook inside the root image sees: no path of the host, the tree as `/`.
    func imageEnvironment(_ outer: Environment, for hook: Hook) -> Environment {
        var result = outer
        for name in outer.names where Self.ofHost.contains(name) { result[name] = nil }
        result["CATBOAT_ROOTIMG"] = "/"
        guard case .postscript = hook.action else { return result }
        for (name, value) in postscriptVariables where result[name] == nil { result[name] = Word(value) }
        return result
    }

    private static let ofHost: Set<String> = [
        "PATH", "HOME", "TERM", "SOURCE_DATE_EPOCH", "CATBOAT_DB", "CATBOAT_DATADIR", "CATBOAT_EXEC_PATH",
        "CATBOAT_TRACE", "CATBOAT_TRACE_DEPTH", "CATBOAT_LOCK_FD", "CATBOAT_ROOT", "CATBOAT_CONFIG_PARAMETERS",
        "CATBOAT_CREDENTIALS", "CATBOAT_EVENT_STACK",
    ]

    /// What xCAT's postscripts find in their environment, as far as there is no node yet.
    private var postscriptVariables: [String: String] {
        var result: [String: String] = [:]
        for (key, value) in site {
            let name = key == "master" ? "SITEMASTER" : key.uppercased()
            if VariableName.isProper(name) { result[name] = value }
        }
        result["INSTALLDIR"] = installFolder.printable
        result["TFTPDIR"] = tftpFolder.printable
        result["NODE"] = ""
        result["MASTER"] = site["master"] ?? ""
        result["OSVER"] = attributes["osvers"] ?? ""
        result["ARCH"] = attributes["osarch"] ?? ""
        result["PROFILE"] = attributes["profile"] ?? ""
        result["PROVMETHOD"] = image ?? ""
        result["NODESETSTATE"] = attributes["provmethod"] ?? ""
        result["UPDATENODE"] = "0"
        result["NTYPE"] = "compute"
        return result
    }

    /// rootimgdir when it exists, else `<installdir>`, else `/`.
    func directory(_ settings: Settings) throws(FileError) -> FilePath {
        for stored in [rootimgdir, installFolder] {
            guard let stored else { continue }
            let path = try settings.root.host(stored)
            if path.isDirectory { return path }
        }
        return "/"
    }

    /// The document on standard input: that of `definition-get`, with the event's own values in `context`.
    func document(_ settings: Settings) throws(FileError) -> [UInt8] {
        var members: [(String, String)] = [
            ("arguments", "[" + arguments.map { Self.json($0.bytes) }.joined(separator: ",") + "]"),
            ("event", JSONText.quoted(event.name)),
            (
                "facts",
                "{"
                    + facts.sorted { $0.key < $1.key }.map { "\(JSONText.quoted($0.key)):\(JSONText.quoted($0.value))" }
                    .joined(separator: ",") + "}"
            ),
            ("image", image.map(JSONText.quoted) ?? "null"),
        ]
        var paths = [("installdir", installFolder), ("tftpdir", tftpFolder)]
        if let rootimgdir {
            paths.append(("rootimgdir", rootimgdir))
            paths.append(("rootimg", try settings.root.host(rootimgdir.joined("rootimg"))))
        }
        paths.sort { $0.0 < $1.0 }
        members.append(
            ("paths", "{" + paths.map { "\"\($0.0)\":\(Self.json($0.1.bytes))" }.joined(separator: ",") + "}"))
        let context = "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
        let rest =
            definition.first == UInt8(ascii: "{")
            ? Array(definition.dropFirst()) : Array("\"definitions\":[],\"version\":1}\n".utf8)
        return Array("{\"context\":\(context),".utf8) + rest
    }

    private static func json(_ bytes: [UInt8]) -> String {
        JSONName(bytes).text
    }

    /// `A=1,B=2` of the attribute `environvar`; entries without a proper name are left out.
    static func variables(of text: String) -> [(String, String)] {
        text.split(separator: ",").compactMap { entry in
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            // Of several words none is the name.
            let words = parts[0].split(whereSeparator: \.isWhitespace)
            guard words.count == 1, VariableName.isProper(words[0]) else { return nil }
            return (String(words[0]), String(parts[1]))
        }
    }
}
