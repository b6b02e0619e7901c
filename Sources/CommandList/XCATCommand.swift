/// A command of xCAT 2.19, and what became of it: the lines of `xcat-commands.txt`.
///
/// The table of catboat-from-xcat(7) has the same lines; a test compares them.
public struct XCATCommand: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable {
        /// It does the same.
        case same
        /// It is there; the text says what is different.
        case changed
        /// It is not there; the text says what to use instead.
        case absent
    }

    public let name: String
    public let state: State
    /// Empty for `same`.
    public let text: String

    private init?(_ line: Substring) {
        let fields = line.split(separator: "\t").map(String.init)
        guard fields.count > 1, let state = State(rawValue: fields[1]) else { return nil }
        name = fields[0]
        self.state = state
        text = fields.count > 2 ? fields[2] : ""
    }

    /// All of them, sorted by bytes.
    public static var all: [XCATCommand] {
        String(decoding: PackageResources.xcat_commands_txt, as: UTF8.self).split(separator: "\n")
            .compactMap(XCATCommand.init)
    }

    public static func named(_ name: String) -> XCATCommand? { all.first { $0.name == name } }
}
