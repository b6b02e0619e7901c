import Testing

/// What a node's e2e-report.service wrote on its console: how the node is.
struct NodeReport {
    /// Two emulated processors of a busy machine; it was seen to take ten minutes where others take one.
    static let patience = Duration.seconds(1800)

    let values: [String: String]

    /// Waits until the node has told all.
    init(_ node: VirtualNode) throws {
        try node.wait(for: "REPORT end", within: Self.patience)
        var values: [String: String] = [:]
        for line in node.lines(with: "REPORT ") {
            let fields = line.drop { $0 != "R" }.dropFirst(7).split(separator: "=", maxSplits: 1)
            if fields.count == 2 { values[String(fields[0])] = String(fields[1]) }
        }
        self.values = values
    }

    subscript(name: String) -> String? { values[name] }

    /// - Parameter packages: the digest of the image's package list; nil when the node's list is not looked at.
    func expectWhole(
        root: String, host: String = BuiltSite.node, profile: String = "compute", packages: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        func expect(_ name: String, _ value: String) {
            #expect(values[name] == value, "\(name)", sourceLocation: sourceLocation)
        }
        expect("state", "running")
        expect("failed", "[]")
        expect("host", host)
        expect("root", root)
        expect("package", "42")
        expect("manual", "by hand")
        #expect(values["postinstall"]?.hasSuffix(" x86_64 \(profile)") == true, sourceLocation: sourceLocation)
        expect("caps", "/usr/bin/ping cap_net_raw=ep")
        expect("address", "10.0.2.15/24")
        expect("leftover", "[]")
        if let packages { expect("packages", packages) }
    }
}
