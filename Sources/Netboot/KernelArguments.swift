/// The words after the kernel that belong to one node, in the order in which xCAT's nodeset writes them.
///
/// `imgurl=` and `imgsum=` are not among them: they belong to the published set and stand in the image's boot file.
public struct KernelArguments: Sendable, Equatable {
    /// How the node names its boot interface.
    public enum Interface: Sendable, Equatable {
        /// `netdev=<nic>`
        case name(String)
        /// `BOOTIF=<mac>`; the boot loader adds its own after ours, which says the same.
        case address(String)
    }

    public var node: String
    /// Management node as the node sees it: an address or `${next-server}`.
    public var master: String
    public var xcatdPort: UInt16
    public var httpPort: UInt16
    /// site.useflowcontrol, `FC=`.
    public var flowControl: String
    /// False puts `nonodestatus` on the line.
    public var reportsStatus: Bool
    public var interface: Interface?
    /// Values of `console=` in order.
    public var consoles: [String]
    /// addkcmdline, already without words for installed systems.
    public var appended: [String]

    public init(
        node: String, master: String, xcatdPort: UInt16 = 3001, httpPort: UInt16 = 80, flowControl: String = "0",
        reportsStatus: Bool = true, interface: Interface? = nil, consoles: [String] = [], appended: [String] = []
    ) {
        self.node = node
        self.master = master
        self.xcatdPort = xcatdPort
        self.httpPort = httpPort
        self.flowControl = flowControl
        self.reportsStatus = reportsStatus
        self.interface = interface
        self.consoles = consoles
        self.appended = appended
    }

    /// In order, one word each.
    public var words: [String] {
        var words = ["XCAT=\(master):\(xcatdPort)", "NODE=\(node)", "FC=\(flowControl)"]
        if !reportsStatus { words.append("nonodestatus") }
        words.append("XCATHTTPPORT=\(httpPort)")
        switch interface {
        case .name(let name): words.append("netdev=\(name)")
        case .address(let address): words.append("BOOTIF=\(address)")
        case nil: break
        }
        words += consoles.map { "console=\($0)" }
        return words + appended
    }

    /// The words of an addkcmdline attribute that a diskless node gets: those prefixed `R::` are for installed systems.
    public static func bootWords(of attribute: String) -> [String] {
        attribute.split(whereSeparator: \.isWhitespace).map(String.init).filter { !$0.hasPrefix("R::") }
    }
}
