extension CommandList {
    /// Porcelain and verbs of `catboat`.
    static let mainEntries: [Entry] = [
        Entry(
            "chdef", .porcelain, .main,
            "[-t TYPE] [-o NAMES] [-p | -m] [-d] [-w SELECTION]... [NODERANGE] [ATTR=VALUE ...] | -z [-p | -m] | -n NAME",
            "change object definitions"),
        Entry(
            "copycds", .porcelain, .main,
            "[-n NAME] [-a ARCH] [-p FOLDER] [-i] [-o] [-w] [-s] [--reset] [--key FILE]... [MEDIUM ...]",
            "copy install media and make osimages for them"),
        Entry(
            "genimage", .porcelain, .main, "[OPTION ...] [IMAGENAME]", "build or update the root image of an osimage"),
        Entry("help", .umbrella, .main, "[-a] [COMMAND]", "list commands, or show the manual page of one"),
        Entry(
            "init", .umbrella, .main, "[--installdir DIR] [--tftpdir DIR] [--master ADDRESS] [--domain NAME]",
            "make folders, store and initial rows"),
        Entry(
            "lsdef", .porcelain, .main,
            "[-t TYPES] [-o NAMES | NODERANGE] [-i ATTRS [-c]] [-l | -s] [-a] [-w SELECTION]... [-z] [-S]",
            "show object definitions"),
        Entry(
            "mkdef", .porcelain, .main,
            "[-t TYPE] [-o NAMES | NODERANGE] [-f] [-d] [-w SELECTION]... [-u] [ATTR=VALUE ...] | -z [-f]",
            "make object definitions"),
        Entry(
            "nodeset", .porcelain, .main, "NODERANGE {osimage[=IMAGE] | boot | offline | stat}",
            "say what nodes boot next"),
        Entry(
            "packimage", .porcelain, .main,
            "[-m METHOD] [-c COMPRESSOR] [--nosyncfiles] [--no-hooks] OSIMAGE",
            "pack the root image of an osimage and publish it for nodes"),
        Entry("rmdef", .porcelain, .main, "[-t TYPES] [-o NAMES | NODERANGE] [-f -a]", "remove object definitions"),
        Entry(
            "tabdump", .porcelain, .main, "[-d] [-w TERM]... [-f FILE] [-n COUNT] [TABLE]",
            "print a table, or what it may hold"),
    ]
}
