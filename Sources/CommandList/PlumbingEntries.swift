extension CommandList {
    /// Commands for programs.
    static let plumbingEntries: [Entry] = []
}
