extension CommandList {
    /// Porcelain and verbs of `catboat`.
    static let mainEntries: [Entry] = [
        Entry(
            "copycds", .porcelain, .main,
            "[-n NAME] [-a ARCH] [-p FOLDER] [-i] [-o] [-w] [-s] [--reset] [--key FILE]... [MEDIUM ...]",
            "copy install media and make osimages for them"),
        Entry("help", .umbrella, .main, "[-a] [COMMAND]", "list commands, or show the manual page of one"),
        Entry("init", .umbrella, .main, "[--installdir DIR] [--tftpdir DIR]", "make folders, store and initial rows"),
    ]
}
