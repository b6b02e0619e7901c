extension CommandList {
    /// Commands for programs.
    static let plumbingEntries: [Entry] = [
        Entry(
            "bootcfg-write", .plumbing, .main,
            "[--tftpdir DIR] [--state STATE] [OPTION ...] [--stdin] [--show] [NODE ...]",
            "write, remove or show the boot files of nodes"),
        Entry(
            "bundle-install", .plumbing, .main, "--journals DIR | --recover DIR | --forget DIR",
            "put the files and rows of an import into place, all or nothing"),
        Entry(
            "bundle-pack", .plumbing, .main,
            "-o FILE [-c COMPRESSOR] [--level N] [--width N] [--sign KEY] [--remote USER@HOST [--name NAME] [--tmpdir DIR]] [--progress-fd N]",
            "pack manifests and files of images into a bundle"),
        Entry(
            "bundle-unpack", .plumbing, .main,
            "[--verify POLICY] [--allowed-signers FILE] [--max-size BYTES] [--remote USER@HOST [--tmpdir DIR]] [-z | --json] BUNDLE FOLDER",
            "unpack a bundle into a new folder and verify it"),
        Entry(
            "definition-get", .plumbing, .main, "[--json | --shell] [--raw] TYPE NAME",
            "print one object with everything resolved"),
        Entry(
            "driver-apply", .plumbing, .main,
            "[--kernelver VERSION] [--driver LIST]... [--all] [--any-kernel] [-z | --json] ROOTIMGDIR",
            "put drivers from standard input into a root image"),
        Entry(
            "exlist-match", .plumbing, .main,
            "[--exlist FILE]... [--include PATTERN]... [--exclude PATTERN]... [-z | --json] TREE",
            "print the paths of a tree that exclude lists leave in"),
        Entry(
            "hook-run", .plumbing, .main,
            "[--osimage IMAGE] [--fact NAME=VALUE]... [--only NAME] [--save-context FILE] EVENT [--] [ARGUMENT ...] | --list [-z | --json] [--osimage IMAGE] [EVENT]",
            "run the site's hooks of an event"),
        Entry(
            "image-copy", .plumbing, .main,
            "[--tree DIR --to DIR] [--file FILE --as FILE]... [-- COMMAND [ARGUMENT ...]]",
            "copy a root image and files, then run a command; all of it or nothing"),
        Entry(
            "image-lock", .plumbing, .main, "(OSIMAGE | --rootimgdir DIR) -- COMMAND [ARGUMENT ...]",
            "run a command that holds the lock of a root image"),
        Entry(
            "image-publish", .plumbing, .main,
            "[--rootimgdir DIR] [--tftpdir DIR] [--stage PATH] [--record DIR [--packages-from FILE]] [--keep N] [--keep-days N] [--current | --dry-run | --list | --prune] [--json | -z] OSIMAGE [DIGEST]",
            "put a matching kernel, initramfs and root image before the nodes"),
        Entry(
            "initrd-build", .plumbing, .main,
            "[--kernelver VERSION] [--driver LIST] [--nic NIC] [--rootlimit SIZE] [--network MODULE] [--if-changed] ROOTIMGDIR",
            "build the initramfs of a root image and take out its kernel"),
        Entry(
            "installer-publish", .plumbing, .main,
            "[--tftpdir DIR] [--drivers-from FILE [OPTION ...]] [--json] --osver NAME --arch ARCH --pkgdir DIR... OSIMAGE",
            "put kernel and initramfs of an installer before the nodes"),
        Entry(
            "kmodule-extract", .plumbing, .media, "[--arch ARCH] [--kernel] PATH ...",
            "write the drivers of packages, driver disks and folders as one archive"),
        Entry(
            "kmodule-list", .plumbing, .media, "[-z | --json] PATH ...",
            "list the kernel modules in packages, driver disks and folders"),
        Entry(
            "manifest-read", .plumbing, .main,
            "[--verify POLICY] [--allowed-signers FILE] [--max-size BYTES] [-z | --json] PATH",
            "show what a manifest or a bundle holds, without unpacking it"),
        Entry(
            "manifest-write", .plumbing, .main, "[--pack]",
            "write the manifest of a bundle from a description of its image"),
        Entry(
            "media-copy", .plumbing, .media,
            "[--name NAME] [--arch ARCH] [--keyring FILE]... [--unless-copied-to DIR]... [--link PATH]... [--progress-fd N] [--json] SOURCE DESTINATION",
            "copy an install medium into a folder and check it"),
        Entry(
            "media-identify", .plumbing, .media, "[--name NAME] [--arch ARCH] [--json | -z] PATH ...",
            "tell which distribution install media hold"),
        Entry(
            "media-key-add", .plumbing, .media, "KEY FOLDER", "keep an OpenPGP public key in a folder of trusted keys"),
        Entry(
            "noderange-expand", .plumbing, .main, "[--no-verify] [-z | --json] [NODERANGE]",
            "print the nodes of a noderange"),
        Entry("package-list", .plumbing, .main, "[-z | --json] TREE", "list the packages of a tree"),
        Entry(
            "pkglist-expand", .plumbing, .main, "[-z | --json] [--env NAME=VALUE] ... [--other FILE] ... [FILE ...]",
            "expand package lists to one record for each package"),
        Entry(
            "postinstall-run", .plumbing, .main,
            "[OPTION ...] --osver NAME --arch ARCH --profile NAME ROOTIMGDIR -- SCRIPT [ARGUMENT ...]",
            "run one postinstall script of an osimage"),
        Entry(
            "prescript-run", .plumbing, .main,
            "--action ACTION --nodes NODES [--timeout TIME] -- SCRIPT [ARGUMENT ...]",
            "run one prescript for nodes that are being set"),
        Entry(
            "profile-commit", .plumbing, .history,
            "[--build-record DIR [--tree-recipe COMMIT | --imported TEXT] | --reverting REVISION] [-m TEXT] [--json] OSIMAGE",
            "keep an image's recipe, or what a build made, in the history"),
        Entry(
            "profile-diff", .plumbing, .history,
            "[--level LEVEL]... [--patch | -z | --json] OSIMAGE OLD [NEW] | --built [-z | --json] [OSIMAGE ...]",
            "compare an image at two moments"),
        Entry(
            "profile-log", .plumbing, .history,
            "[-n COUNT] [--kind KIND]... [--digest DIGEST] [--from REVISION] [-z | --json] [OSIMAGE]",
            "list commits of the history"),
        Entry(
            "profile-restore", .plumbing, .history, "[--outside] [--dry-run] [-z] OSIMAGE REVISION",
            "bring the files of an image's recipe back"),
        Entry(
            "profile-show", .plumbing, .history, "[--at REVISION] [-z | --json | --output PATH] OSIMAGE [FILE]",
            "print what the history holds of an image"),
        Entry(
            "profile-tag", .plumbing, .history,
            "[--force] TAG [REVISION] | --delete TAG | --list [-z | --json] [TAG]",
            "give a commit of the history a name"),
        Entry(
            "ramdisk-pack", .plumbing, .main,
            "-o FILE [-m METHOD] [-c COMPRESSOR] [--level N] [--width N] [--files-from FILE [-z]] [--progress-fd N] TREE",
            "pack a tree into the file that a node loads"),
        Entry(
            "ramdisk-unpack", .plumbing, .main, "[--kernel FILE] [--max-size BYTES] FILE TREE",
            "unpack a packed root image into a tree"),
        Entry(
            "ramdisk-verify", .plumbing, .main, "[--digest DIGEST] [--tree TREE [--files-from FILE]] [-z] FILE",
            "read a packed file back and compare it with its tree"),
        Entry(
            "rootimg-finish", .plumbing, .main, "[OPTION ...] --stage begin|populate|complete|adopt|pack ROOTIMGDIR",
            "do the generic steps of a root image, and clean it"),
        Entry(
            "rootimg-list", .plumbing, .main, "[-z | --json | --digest] TREE",
            "list a tree with owners, modes and digests"),
        Entry(
            "rootimg-populate", .plumbing, .main, "[OPTION ...] --osver NAME --arch ARCH --pkgdir DIR ROOTIMGDIR",
            "install, update and remove packages of a root image"),
        Entry(
            "rootimg-remove", .plumbing, .main,
            "[--rootimgdir DIR] [--tftpdir DIR] [--force] [--dry-run] [-z | --json] OSIMAGE",
            "remove the root image of an osimage and what nodes fetch of it"),
        Entry(
            "rootimg-run", .plumbing, .main,
            "[--network] [--media DIR] ... [--env NAME=VALUE] ... [--directory DIR] ROOTIMGDIR -- COMMAND [ARGUMENT ...]",
            "run a command inside a root image"),
        Entry(
            "rootimg-try", .plumbing, .main, "[-z | --json] ROOTIMGDIR -- COMMAND [ARGUMENT ...]",
            "run a command over a throw-away root image and list what it changed"),
        Entry(
            "synclist-apply", .plumbing, .main,
            "[--env NAME=VALUE]... [--nodesyncfiledir DIR] [-n] [-z | --json] ROOTIMG LIST...",
            "copy the files of synclists into a root image"),
        Entry(
            "table-get", .plumbing, .main,
            "[-a] [-c COLUMN,...]... [-w TERM]... [--row-order] [-z | --json] TABLE [KEY ...]",
            "print rows of a table"),
        Entry(
            "table-set", .plumbing, .main,
            "[-q] [--json] [--delete] [--absent] [--expect COLUMN=VALUE]... TABLE COLUMN=VALUE ... | [-q] [--json] --stdin [-z]",
            "change rows of tables, all or nothing"),
    ]
}
