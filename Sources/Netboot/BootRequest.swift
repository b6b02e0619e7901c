/// What bootcfg-write is told about one node: the options of its command line, then the fields of the node's own record.
public struct BootRequest: Sendable, Equatable {
    public var node: String
    public var state = "boot"
    public var image = ""
    /// Address of the web server for the boot loader; empty means the loader's `${next-server}`.
    public var server = ""
    /// Address of the web server for the root image; empty means `server`.
    public var imageServer = ""
    /// Address of the management node; empty means `server`.
    public var master = ""
    public var method = "http"
    public var httpPort: UInt16 = 80
    public var xcatdPort: UInt16 = 3001
    public var flowControl = "0"
    public var reportsStatus = true
    public var netdev = ""
    public var bootif = ""
    public var consoles: [String] = []
    public var appended: [String] = []

    public init(node: String) { self.node = node }

    /// The fields that a record may hold; each is also a long option of bootcfg-write.
    public static let keys = [
        "append", "bootif", "console", "flow-control", "http-port", "image-server", "master", "method", "netdev", "osimage",
        "report-status", "server", "state", "xcatd-port",
    ]

    /// Sets one field from text. `console` and `append` add to what is there.
    public mutating func set(_ key: String, _ value: String) throws(BootRequestError) {
        switch key {
        case "state": state = value
        case "osimage": image = value
        case "server": server = value
        case "image-server": imageServer = value
        case "master": master = value
        case "netdev": netdev = value
        case "bootif": bootif = value
        case "flow-control": flowControl = value
        case "console": consoles.append(value)
        case "append": appended += KernelArguments.bootWords(of: value)
        case "method":
            guard value == "http" || value == "https" else { throw .badValue(node: node, key: key, value: value) }
            method = value
        case "http-port": httpPort = try port(key, value)
        case "xcatd-port": xcatdPort = try port(key, value)
        case "report-status":
            guard value == "yes" || value == "no" else { throw .badValue(node: node, key: key, value: value) }
            reportsStatus = value == "yes"
        default: throw .unknownKey(node: node, key: key)
        }
    }

    private func port(_ key: String, _ value: String) throws(BootRequestError) -> UInt16 {
        guard let port = UInt16(value), port > 0 else { throw .badValue(node: node, key: key, value: value) }
        return port
    }

    /// A record of standard input: the node, then `key=value` fields, all separated by tabs.
    public init(record: Substring, defaults: BootRequest) throws(BootRequestError) {
        var fields = record.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        self = defaults
        node = fields.removeFirst()
        for field in fields {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw .notAField(node: node, field: field) }
            try set(String(parts[0]), String(parts[1]))
        }
    }

    /// The boot file asked for; nil for state offline, which has none.
    public func bootFile() throws(BootRequestError) -> NodeBootFile? {
        if state == "offline" { return nil }
        if state == "boot" { return NodeBootFile(node: node, state: state, action: .boot) }
        guard state.split(separator: " ").first == "netboot" else { throw .unknownState(node: node, state: state) }
        guard !image.isEmpty else { throw .noImage(node: node) }
        let loader = server.isEmpty ? "${next-server}" : server
        let arguments = KernelArguments(
            node: node, master: master.isEmpty ? loader : master, xcatdPort: xcatdPort, httpPort: httpPort,
            flowControl: flowControl, reportsStatus: reportsStatus, interface: interface, consoles: consoles,
            appended: appended)
        return NodeBootFile(
            node: node, state: state,
            action: .netboot(
                image: image,
                // The boot loader speaks plain HTTP whatever the nodes do afterwards; port 80 goes unsaid, as with xCAT.
                loaderBase: "http://\(Self.host(loader))" + (httpPort == 80 || method == "https" ? "" : ":\(httpPort)"),
                imageBase: "\(method)://\(Self.host(imageServer.isEmpty ? loader : imageServer)):\(httpPort)",
                arguments: arguments))
    }

    private var interface: KernelArguments.Interface? {
        if !netdev.isEmpty { return .name(netdev) }
        return bootif.isEmpty ? nil : .address(bootif)
    }

    /// An IPv6 address stands in brackets in a URL.
    private static func host(_ address: String) -> String {
        address.contains(":") && !address.hasPrefix("[") && !address.hasPrefix("$") ? "[\(address)]" : address
    }
}
