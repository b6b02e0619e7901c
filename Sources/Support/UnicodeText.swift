/// Text that is not UTF-8 where nothing else can be stored.
public struct UnicodeTextError: Diagnosable, Equatable {
    /// The file, or what else it comes from.
    public var source: String
    /// The first line with such bytes, counted from 1.
    public var line: Int

    public var diagnostic: Diagnostic {
        Diagnostic(
            "text is not UTF-8", subject: "\(source), line \(line)",
            remedy: "convert it, e.g. with iconv -f latin1 -t utf-8")
    }
}

extension String {
    /// The text of `bytes`, all of it.
    /// - Parameter source: what they come from, for the error.
    public init(utf8 bytes: [UInt8], of source: String) throws(UnicodeTextError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
            let bad = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
            throw UnicodeTextError(source: source, line: bad + 1)
        }
        self = text
    }
}
