extension CommandList {
    /// Commands for programs.
    static let plumbingEntries: [Entry] = [
        Entry(
            "bootcfg-write", .plumbing, .main, "[--tftpdir DIR] [--state STATE] [OPTION ...] [--stdin] [--show] [NODE ...]",
            "write, remove or show the boot files of nodes"),
        Entry(
            "image-publish", .plumbing, .main,
            "--rootimgdir DIR [--tftpdir DIR] [--stage PATH] [--keep N] [--current | --list] OSIMAGE [DIGEST]",
            "put a matching kernel, initramfs and root image before the nodes"),
        Entry(
            "initrd-build", .plumbing, .main,
            "[--kernelver VERSION] [--driver LIST] [--nic NIC] [--rootlimit SIZE] [--network MODULE] ROOTIMGDIR",
            "build the initramfs of a root image and take out its kernel"),
    ]
}
