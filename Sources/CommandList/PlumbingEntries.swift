extension CommandList {
    /// Commands for programs.
    static let plumbingEntries: [Entry] = [
        Entry(
            "image-lock", .plumbing, .main, "(OSIMAGE | --rootimgdir DIR) -- COMMAND [ARGUMENT ...]",
            "run a command that holds the lock of a root image"),
        Entry("package-list", .plumbing, .main, "[-z | --json] TREE", "list the packages of a tree"),
        Entry(
            "pkglist-expand", .plumbing, .main, "[-z | --json] [--env NAME=VALUE] ... [--other FILE] ... [FILE ...]",
            "expand package lists to one record for each package"),
        Entry("rootimg-list", .plumbing, .main, "[-z | --json | --digest] TREE", "list a tree with owners, modes and digests"),
        Entry(
            "rootimg-populate", .plumbing, .main, "[OPTION ...] --osver NAME --arch ARCH --pkgdir DIR ROOTIMGDIR",
            "install, update and remove packages of a root image"),
        Entry(
            "rootimg-run", .plumbing, .main, "[--network] [--media DIR] ... [--env NAME=VALUE] ... ROOTIMGDIR -- COMMAND [ARGUMENT ...]",
            "run a command inside a root image"),
    ]
}
