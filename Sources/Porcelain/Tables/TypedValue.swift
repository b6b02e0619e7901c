/// What people write as a value.
enum TypedValue {
    /// What is stored for `text`: the word NULL empties a column, as it does when xCAT changes a row.
    static func stored(_ text: String) -> String { text == "NULL" ? "" : text }
}
