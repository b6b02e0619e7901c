extension CommandList {
    /// Porcelain and verbs of `catboat`.
    static let mainEntries: [Entry] = [
        Entry(
            "genimage", .porcelain, .main, "[OPTION ...] [IMAGENAME]", "build or update the root image of an osimage"),
        Entry("help", .umbrella, .main, "[-a] [COMMAND]", "list commands, or show the manual page of one"),
        Entry("init", .umbrella, .main, "[--installdir DIR] [--tftpdir DIR]", "make folders, store and initial rows"),
    ]
}
