/// Questions about the text of a noderange that need no tables.
public enum NoderangeSyntax {
    /// Bytes of the longest noderange that is taken.
    public static let limit = NoderangeExpander.textLimit

    /// Whether a name would be read as a span of several, e.g. `n1-n3`.
    public static func isSpan(_ name: String) -> Bool {
        do throws(NoderangeError) {
            guard let names = try NodeSpan.expand(name, limit: NoderangeExpander.limit) else { return false }
            return names != [name]
        } catch {
            return true
        }
    }
}
