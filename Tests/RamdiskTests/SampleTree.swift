import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A tree with one of everything that a root image may hold.
enum SampleTree {
    /// Whether the tests may make device nodes and capabilities.
    static let isRoot = geteuid() == 0

    /// Makes `tree` in the scratch directory.
    static func make(socket: Bool = false) throws -> FilePath {
        let script = """
            set -e
            mkdir "$1"; cd "$1"; umask 022
            mkdir -p etc usr/bin 'srv/with space' dev var a a-b
            echo root > etc/passwd; chmod 640 etc/passwd; setfacl -m u:1:r etc/passwd
            head -c 3000000 /dev/urandom > usr/bin/big; ln usr/bin/big usr/bin/alias; ln usr/bin/big zlink
            head -c 2500000 /dev/zero > zeros
            cp /bin/true usr/bin/ping; chmod 4755 usr/bin/ping; setcap cap_net_raw+ep usr/bin/ping
            setfattr -n user.note -v 'b c' usr/bin/ping
            mknod dev/null c 1 3; mknod dev/sda b 8 300; mkfifo var/fifo
            ln -s /etc/passwd link; ln -s missing dangling; ln -P link other
            printf x > 'srv/with space/a
            b'; printf y > "$(printf 'srv/non\\377utf')"; printf q > "srv/it's"
            truncate -s 5M var/sparse; printf mid | dd of=var/sparse bs=1 seek=2000000 conv=notrunc 2>/dev/null
            echo 1 > a/x; echo 2 > a-b/y; echo 3 > a.c; ln a/x a-b/z; chown 1234:4321 a.c; : > empty
            d=$(printf '%060d/%060d' 1 2); mkdir -p "$d"; echo long > "$d/file"
            touch -d @1000000000 a.c
            chmod 1777 var; setfattr -n user.top -v 1 .
            """
        let tree = Scratch.directory.joined("tree")
        _ = try Tool("sh", ["-c", Word(script), "sh", Word(tree)]).output()
        if socket {
            let code = "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
            _ = try Tool("python3", ["-c", Word(code), Word(tree.joined("var/sock"))]).output()
        }
        return tree
    }

    /// Every file of a tree with what matters, from outside programs.
    static func listing(_ tree: FilePath) throws -> String {
        let script = """
            cd "$1"
            # cpio does not restore times of symbolic links.
            find . -path ./.catboat -prune -o ! -type d ! -type l -printf '%P|%y|%m|%U:%G|%s|%n|%T@\\n' | sed 's/\\.[0-9]*$//' | LC_ALL=C sort
            find . -type l -printf '%P|%U:%G|%l\\n' | LC_ALL=C sort
            find . -path ./.catboat -prune -o -type d -printf '%P|%m|%U:%G\\n' | LC_ALL=C sort
            stat -c '%n %t:%T' dev/*
            find . -path ./.catboat -prune -o -type f -exec sha256sum {} + | LC_ALL=C sort
            getcap -r .; getfattr -R -h -d -m - . 2>/dev/null
            """
        return try Tool("bash", ["-c", Word(script), "bash", Word(tree)]).output().text
    }
}
