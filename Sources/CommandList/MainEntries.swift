extension CommandList {
    /// Porcelain and verbs of `catboat`.
    static let mainEntries: [Entry] = [
        Entry(
            "chdef", .porcelain, .main,
            "[-t TYPE] [-o NAMES] [-p | -m] [-d] [-w SELECTION]... [-u] [NODERANGE] [ATTR=VALUE ...] | -z [-p | -m] | -n NAME",
            "change object definitions"),
        Entry(
            "chroot", .umbrella, .main,
            "[--network] [--media DIR]... [--env NAME=VALUE]... [--directory DIR] OSIMAGE [COMMAND [ARGUMENT ...]]",
            "run a command, or a shell, inside the root image of an osimage"),
        Entry(
            "chtab", .porcelain, .main, "COLUMN=VALUE,... TABLE.COLUMN=VALUE ... | -d COLUMN=VALUE,... TABLE ...",
            "change rows of tables"),
        Entry(
            "clone", .umbrella, .main,
            "[--profile NAME] [--no-tree] [--json | --porcelain=v1] OSIMAGE NEW [ATTR=VALUE ...]",
            "make a new osimage like another one, with its lists and its root image"),
        Entry(
            "copycds", .porcelain, .main,
            "[-n NAME] [-a ARCH] [-p FOLDER] [-i] [-o] [-w] [-s] [--reset] [--key FILE]... [--no-hooks] [MEDIUM ...]",
            "copy install media and make osimages for them"),
        Entry("db", .umbrella, .main, "migrate [--replace] FROM TO", "copy a store into another"),
        Entry(
            "diff", .umbrella, .main,
            "[--recipe | --result] [--json | --porcelain=v1] [REVISION[..REVISION]] [OSIMAGE]",
            "show what differs between two moments of an image"),
        Entry(
            "doctor", .umbrella, .main, "[--json] [--quiet]", "check this site and say what to do for each finding"),
        Entry(
            "du", .umbrella, .main, "[--bundles DIR]... [--json] [OSIMAGE ...]",
            "show what osimages occupy on the disk"),
        Entry("dumpxCATdb", .porcelain, .main, "[-a] [-V] -p DIR", "write all tables to a folder"),
        Entry(
            "gc", .umbrella, .main, "[--dry-run] [--json] [OSIMAGE ...]",
            "remove published sets that nodes no longer need"),
        Entry(
            "genimage", .porcelain, .main, "[OPTION ...] [IMAGENAME]", "build or update the root image of an osimage"),
        Entry(
            "geninitrd", .porcelain, .main, "[--ignorekernelchk] [--no-hooks] IMAGENAME",
            "build the initramfs of an osimage again, with driver updates"),
        Entry("gettab", .porcelain, .main, "[-H] COLUMN=VALUE,... TABLE.COLUMN ...", "print cells of a row"),
        Entry("help", .umbrella, .main, "[-a] [COMMAND]", "list commands, or show the manual page of one"),
        Entry(
            "hook", .umbrella, .main,
            "{list [--json] [--osimage IMAGE] [EVENT] | run [--try [--json] | --save-context FILE] EVENT OSIMAGE [NAME]}",
            "show the site's hooks, or run them by hand"),
        Entry(
            "imgexport", .porcelain, .main,
            "IMAGENAME [DESTINATION] [-e FILE[:DIR]]... [-p NODE] [-R USER@HOST] [--complete] [--sign KEY] [OPTION ...]",
            "export an osimage as one file"),
        Entry(
            "imgimport", .porcelain, .main,
            "BUNDLE [-p NODELIST] [-f PROFILE [--name NAME]] [-R USER@HOST] [--dry-run] [--tree] [OPTION ...]",
            "import osimages from a bundle"),
        Entry(
            "import-xcat", .umbrella, .main, "[-a] [-n] {DIR | FILE | --live [DIR]}",
            "bring over the definitions of an xCAT"),
        Entry(
            "init", .umbrella, .main, "[--installdir DIR] [--tftpdir DIR] [--master ADDRESS] [--domain NAME]",
            "make folders, store and initial rows"),
        Entry(
            "liteimg", .porcelain, .main, "[-V] [-t TYPE] {IMAGENAME | -o OSVER -a ARCH -p PROFILE}",
            "refuse to make an image for statelite nodes, and say what to use instead"),
        Entry(
            "log", .umbrella, .main,
            "[-n COUNT] [--kind KIND]... [--from REVISION] [--json | --porcelain=v1] [OSIMAGE]",
            "show what was done to images, newest first"),
        Entry(
            "lsdef", .porcelain, .main,
            "[-t TYPES] [-o NAMES | NODERANGE] [-i ATTRS [-c]] [-l | -s] [-a] [-w SELECTION]... [-z] [-S] [--nics | --osimage | --template] | -t TYPES -h",
            "show object definitions"),
        Entry(
            "lskmodules", .porcelain, .main,
            "[-V] [-x] {-i OSIMAGES | -c KITCOMPONENTS | -o OSDISTROS | -u OSDISTROUPDATES} ...",
            "list the kernel modules that driver packages and distributions have"),
        Entry(
            "mkdef", .porcelain, .main,
            "[-t TYPE] [-o NAMES | NODERANGE] [-f] [-d] [-w SELECTION]... [-u] [ATTR=VALUE ...] | -z [-f] | --template NAME",
            "make object definitions"),
        Entry("nodeadd", .porcelain, .main, "NODERANGE groups=GROUP,... [TABLE.COLUMN=VALUE ...]", "add nodes"),
        Entry(
            "nodech", .porcelain, .main, "NODERANGE TABLE.COLUMN=VALUE ... | -d NODERANGE TABLE ...",
            "change columns of nodes"),
        Entry(
            "nodegrpch", .porcelain, .main, "GROUP,... TABLE.COLUMN=VALUE ...",
            "change columns of groups, for all members"),
        Entry(
            "nodels", .porcelain, .main, "[NODERANGE] [-b] [-H] [-S] [TABLE.COLUMN | TABLE | CRITERION ...]",
            "list nodes, and columns of theirs"),
        Entry("noderm", .porcelain, .main, "NODERANGE", "remove nodes from all tables"),
        Entry(
            "nodeset", .porcelain, .main,
            "[--noupdateinitrd] [--ignorekernelchk] [--no-hooks] [-V] NODERANGE {osimage[=IMAGE] | boot | offline | stat} | [-V] -a {boot | offline | stat}",
            "say what nodes boot next"),
        Entry(
            "packimage", .porcelain, .main,
            "[-m METHOD] [-c COMPRESSOR] [--nosyncfiles] [--no-hooks] OSIMAGE",
            "pack the root image of an osimage and publish it for nodes"),
        Entry("restorexCATdb", .porcelain, .main, "[-a] [-V] -p DIR", "put the tables of a folder back"),
        Entry(
            "revert", .umbrella, .main, "[--outside] [--dry-run] [--json | --porcelain=v1] OSIMAGE REVISION",
            "bring an image back to what it was"),
        Entry("rmdef", .porcelain, .main, "[-t TYPES] [-o NAMES | NODERANGE] [-f -a]", "remove object definitions"),
        Entry(
            "rmimage", .porcelain, .main,
            "[-V] [--force] [--no-hooks] {IMAGENAME [--xcatdef] | -o OSVER -a ARCH -p PROFILE}",
            "remove the root image of an osimage"),
        Entry(
            "show", .umbrella, .main, "[--json | --porcelain=v1] REVISION",
            "show one commit and what it changed"),
        Entry(
            "status", .umbrella, .main, "[--json | --porcelain=v1] [OSIMAGE ...]",
            "show which images changed since they were built"),
        Entry(
            "tabch", .porcelain, .main, "COLUMN=VALUE,... TABLE.COLUMN=VALUE ... | -d COLUMN=VALUE,... TABLE ...",
            "change rows of tables"),
        Entry(
            "tabdump", .porcelain, .main, "[-d] [-w TERM]... [-f FILE] [-n COUNT] [TABLE]",
            "print a table, or what it may hold"),
        Entry("tabedit", .porcelain, .main, "TABLE", "edit a table as text"),
        Entry("tabgrep", .porcelain, .main, "NODE", "name the tables that know a node"),
        Entry(
            "tabprune", .porcelain, .main, "[-V] -a | -n COUNT | -p PERCENT | -i RECID | -d DAYS TABLE",
            "remove old records of a log"),
        Entry("tabrestore", .porcelain, .main, "[-a] FILE", "put the rows of a file into a table"),
        Entry(
            "tag", .umbrella, .main, "[-f] NAME [REVISION] | -d NAME | [--json | --porcelain=v1]",
            "name a moment of the history, or list the names"),
        Entry(
            "which", .umbrella, .main, "[--json | --porcelain=v1] {NODE | DIGEST}",
            "say which commit and set a node boots, or where a set comes from"),
    ]
}
