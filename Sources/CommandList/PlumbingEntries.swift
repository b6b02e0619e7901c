extension CommandList {
    /// Commands for programs.
    static let plumbingEntries: [Entry] = [
        Entry(
            "exlist-match", .plumbing, .main,
            "[--exlist FILE]... [--include PATTERN]... [--exclude PATTERN]... [-z | --json] TREE",
            "print the paths of a tree that exclude lists leave in"),
        Entry(
            "ramdisk-pack", .plumbing, .main,
            "-o FILE [-m METHOD] [-c COMPRESSOR] [--level N] [--width N] [--files-from FILE [-z]] [--progress-fd N] TREE",
            "pack a tree into the file that a node loads"),
        Entry(
            "ramdisk-verify", .plumbing, .main, "[--digest DIGEST] [--tree TREE [--files-from FILE]] [-z] FILE",
            "read a packed file back and compare it with its tree"),
        Entry(
            "synclist-apply", .plumbing, .main,
            "[--env NAME=VALUE]... [--nodesyncfiledir DIR] [-n] [-z | --json] ROOTIMG LIST...",
            "copy the files of synclists into a root image"),
    ]
}
