extension CommandList {
    /// Commands for programs.
    static let plumbingEntries: [Entry] = [
        Entry(
            "definition-get", .plumbing, .main, "[--json | --shell] [--raw] TYPE NAME",
            "print one object with everything resolved"),
        Entry(
            "noderange-expand", .plumbing, .main, "[--no-verify] [-z | --json] [NODERANGE]",
            "print the nodes of a noderange"),
        Entry(
            "table-get", .plumbing, .main,
            "[-a] [-c COLUMN,...]... [-w TERM]... [--row-order] [-z | --json] TABLE [KEY ...]",
            "print rows of a table"),
        Entry(
            "table-set", .plumbing, .main,
            "[--delete] [--absent] [--expect COLUMN=VALUE]... TABLE COLUMN=VALUE ... | --stdin [-z]",
            "change rows of tables, all or nothing"),
    ]
}
