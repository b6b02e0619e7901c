public import Support

/// The time that `SOURCE_DATE_EPOCH` sets: later modification times are set back to it, so that the same content gives
/// the same bytes whenever it was made.
public enum SourceDate {
    /// Seconds since 1970; nil when the variable is not set.
    public static func current(_ environment: Environment = .current) throws(SourceDateError) -> Int64? {
        guard let text = environment.text("SOURCE_DATE_EPOCH"), !text.isEmpty else { return nil }
        guard let seconds = Int64(text), seconds >= 0 else { throw .notSeconds(text) }
        return seconds
    }
}

/// A `SOURCE_DATE_EPOCH` that is no time.
public enum SourceDateError: Diagnosable, Equatable {
    case notSeconds(String)

    public var diagnostic: Diagnostic {
        switch self {
        case .notSeconds(let text):
            Diagnostic("SOURCE_DATE_EPOCH is not a time", subject: text, remedy: "set it to seconds since 1970-01-01")
        }
    }
}
