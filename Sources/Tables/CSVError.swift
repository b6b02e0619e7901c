public import Support

/// Why a table in text form cannot be read. Lines count from 0 at the first record, characters from 0.
public enum CSVError: Diagnosable, Equatable {
    case noHeader
    case unmatched(line: Int, character: Int, String)
    case unescaped(line: Int, character: Int, String)
    case missingOpening(line: Int, character: Int, String)

    public var diagnostic: Diagnostic {
        switch self {
        case .noHeader:
            Diagnostic("Data missing header line starting with #", remedy: "begin the file with '#column,column,…'")
        case .unmatched(let line, let character, let text):
            Diagnostic(
                "CSV unmatched \" in record on line \(line), character \(character): \(text)",
                remedy: "close the quotes of the field")
        case .unescaped(let line, let character, let text):
            Diagnostic(
                "CSV unescaped \" in record on line \(line), character \(character): \(text)",
                remedy: "double a quote inside of quotes")
        case .missingOpening(let line, let character, let text):
            Diagnostic(
                "CSV missing opening \" for record with \" characters on line \(line), character \(character): \(text)",
                remedy: "put the whole field in quotes and double those inside")
        }
    }
}
