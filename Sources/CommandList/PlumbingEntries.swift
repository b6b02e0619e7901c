extension CommandList {
    /// Commands for programs.
    static let plumbingEntries: [Entry] = [
        Entry(
            "bootcfg-write", .plumbing, .main, "[--tftpdir DIR] [--state STATE] [OPTION ...] [--stdin] [--show] [NODE ...]",
            "write, remove or show the boot files of nodes"),
        Entry(
            "definition-get", .plumbing, .main, "[--json | --shell] [--raw] TYPE NAME",
            "print one object with everything resolved"),
        Entry(
            "image-lock", .plumbing, .main, "(OSIMAGE | --rootimgdir DIR) -- COMMAND [ARGUMENT ...]",
            "run a command that holds the lock of a root image"),
        Entry(
            "image-publish", .plumbing, .main,
            "--rootimgdir DIR [--tftpdir DIR] [--stage PATH] [--keep N] [--current | --list] OSIMAGE [DIGEST]",
            "put a matching kernel, initramfs and root image before the nodes"),
        Entry(
            "initrd-build", .plumbing, .main,
            "[--kernelver VERSION] [--driver LIST] [--nic NIC] [--rootlimit SIZE] [--network MODULE] ROOTIMGDIR",
            "build the initramfs of a root image and take out its kernel"),
        Entry(
            "noderange-expand", .plumbing, .main, "[--no-verify] [-z | --json] [NODERANGE]",
            "print the nodes of a noderange"),
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
        Entry(
            "table-get", .plumbing, .main,
            "[-a] [-c COLUMN,...]... [-w TERM]... [--row-order] [-z | --json] TABLE [KEY ...]",
            "print rows of a table"),
        Entry(
            "table-set", .plumbing, .main,
            "[--delete] [--absent] [--expect COLUMN=VALUE]... TABLE COLUMN=VALUE ... | --stdin [-z]",
            "change rows of tables, all or nothing"),
        Entry(
            "image-lock", .plumbing, .main, "(OSIMAGE | --rootimgdir DIR) -- COMMAND [ARGUMENT ...]",
            "run a command that holds the lock of a root image"),
        Entry("package-list", .plumbing, .main, "[-z | --json] TREE", "list the packages of a tree"),
        Entry(
            "pkglist-expand", .plumbing, .main, "[-z | --json] [--env NAME=VALUE] ... [--other FILE] ... [FILE ...]",
            "expand package lists to one record for each package"),
        Entry(
            "postinstall-run", .plumbing, .main, "[OPTION ...] --osver NAME --arch ARCH --profile NAME ROOTIMGDIR -- SCRIPT [ARGUMENT ...]",
            "run one postinstall script of an osimage"),
        Entry(
            "rootimg-finish", .plumbing, .main, "[OPTION ...] --stage populate|complete|pack ROOTIMGDIR",
            "do the generic steps of a root image, and clean it"),
        Entry("rootimg-list", .plumbing, .main, "[-z | --json | --digest] TREE", "list a tree with owners, modes and digests"),
        Entry(
            "rootimg-populate", .plumbing, .main, "[OPTION ...] --osver NAME --arch ARCH --pkgdir DIR ROOTIMGDIR",
            "install, update and remove packages of a root image"),
        Entry(
            "rootimg-run", .plumbing, .main, "[--network] [--media DIR] ... [--env NAME=VALUE] ... ROOTIMGDIR -- COMMAND [ARGUMENT ...]",
            "run a command inside a root image"),
    ]
}
