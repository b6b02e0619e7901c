#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define RUNTIME "/run/catboat"

/* Every mount point is found with openat2 and used as a descriptor, so a symbolic link in the image ('dev -> /') leads nowhere. */

static int resolve(int folder, const char *path, int flags, unsigned long long rules)
{
    struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC, .resolve = rules};
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

int open_beneath(int root, const char *path)
{
    char copy[PATH_MAX], *rest = copy, *name;
    int folder = fcntl(root, F_DUPFD_CLOEXEC, 0);
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy || folder < 0)
        fail("cannot open", path, 0);
    while ((name = strsep(&rest, "/"))) {
        if (!*name)
            continue;
        int next = resolve(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
        if (next < 0 && errno == ENOENT) {
            if (mkdirat(folder, name, 0755) < 0 && errno != EEXIST)
                fail("cannot make folder of the image", path, 0);
            next = resolve(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
        }
        if (next < 0)
            fail("cannot use as a mount point", path,
                 errno == ELOOP || errno == ENOTDIR ? "it must be a folder of the image, not a link or file" : 0);
        close(folder);
        folder = next;
    }
    return folder;
}

static void attach(int mount, int target, const char *name)
{
    if (move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        fail("cannot mount", name, 0);
}

static void set_attributes(int mount, unsigned long long set, unsigned long long clear, unsigned flags, const char *name)
{
    struct mount_attr attributes = {.attr_set = set, .attr_clr = clear};
    if (mount_setattr(mount, "", AT_EMPTY_PATH | flags, &attributes, sizeof attributes) < 0)
        fail("cannot change the mount of", name, 0);
}

/* A mount of its own of what DESCRIPTOR refers to, attached nowhere yet. Mounts below it are left out unless RECURSIVE. */
static int clone_of(int descriptor, bool recursive, const char *name)
{
    int mount = open_tree(descriptor, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0));
    if (mount < 0)
        fail("cannot clone the mount of", name, 0);
    return mount;
}

/* OPTIONS: pairs of key and value ("" for a flag), ended by a null key. */
static int new_mount(const char *type, const char *const *options, unsigned attributes)
{
    int context = fsopen(type, FSOPEN_CLOEXEC);
    if (context < 0)
        fail("cannot mount a file system of type", type, 0);
    for (; options && options[0]; options += 2)
        if (fsconfig(context, *options[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options[0], *options[1] ? options[1] : 0, 0) < 0)
            fail("cannot set mount option", options[0], 0);
    if (fsconfig(context, FSCONFIG_CMD_CREATE, 0, 0, 0) < 0)
        fail("cannot mount a file system of type", type, 0);
    int mount = fsmount(context, FSMOUNT_CLOEXEC, attributes);
    if (mount < 0)
        fail("cannot mount a file system of type", type, 0);
    close(context);
    return mount;
}

static const char *const private_folder[] = {"mode", "0755", 0};
static const char *const shared_folder[] = {"mode", "1777", 0};

static void mount_new(int root, const char *path, const char *type, const char *const *options, unsigned attributes)
{
    int target = open_beneath(root, path);
    int mount = new_mount(type, options, attributes);
    attach(mount, target, path);
    close(target);
    close(mount);
}

static void make_device(int folder, const char *name, mode_t mode, unsigned major, unsigned minor)
{
    if (mknodat(folder, name, S_IFCHR | mode, makedev(major, minor)) < 0 || fchmodat(folder, name, mode, 0) < 0)
        fail("cannot make device", name, 0);
}

static void mount_devices(int root)
{
    static const char *const terminals[] = {"newinstance", "", "ptmxmode", "0666", "mode", "0620", "gid", "5", 0};
    static const char *const links[][2] = {{"/proc/self/fd", "fd"}, {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"},
                                           {"/proc/self/fd/2", "stderr"}, {"pts/ptmx", "ptmx"}};
    mount_new(root, "dev", "tmpfs", private_folder, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    int devices = open_beneath(root, "dev");
    make_device(devices, "null", 0666, 1, 3);
    make_device(devices, "zero", 0666, 1, 5);
    make_device(devices, "full", 0666, 1, 7);
    make_device(devices, "random", 0666, 1, 8);
    make_device(devices, "urandom", 0666, 1, 9);
    make_device(devices, "tty", 0666, 5, 0);
    /* The null device: what a script tells "the console" is not for the console of the management node. */
    make_device(devices, "console", 0600, 1, 3);
    for (unsigned i = 0; i < sizeof links / sizeof *links; i++)
        if (symlinkat(links[i][0], devices, links[i][1]) < 0)
            fail("cannot make link", links[i][1], 0);
    close(devices);
    mount_new(root, "dev/pts", "devpts", terminals, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    mount_new(root, "dev/shm", "tmpfs", shared_folder, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

/* The kernel's settings belong to the management node: readable, not writable. */
static void mount_proc(int root)
{
    static const char *const fixed[] = {"sys", "sysrq-trigger", "irq", "bus"};
    mount_new(root, "proc", "proc", 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    int proc = open_beneath(root, "proc");
    for (unsigned i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        int entry = resolve(proc, fixed[i], O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
        if (entry < 0)
            continue;
        int mount = clone_of(entry, false, fixed[i]);
        set_attributes(mount, MOUNT_ATTR_RDONLY, 0, 0, fixed[i]);
        attach(mount, entry, fixed[i]);
        close(mount);
        close(entry);
    }
    close(proc);
}

static void mount_folder(int runtime, const char *name, const char *source, bool writable)
{
    int origin = open(source, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (origin < 0)
        fail("cannot open folder", source, 0);
    int mount = clone_of(origin, true, source), target = open_beneath(runtime, name);
    unsigned access = writable ? 0 : MOUNT_ATTR_RDONLY;
    set_attributes(mount, access | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, MOUNT_ATTR_RDONLY & ~access, AT_RECURSIVE, source);
    attach(mount, target, source);
    close(mount);
    close(origin);
    close(target);
}

static void write_file(int folder, const char *name, mode_t mode, const char *text, size_t length)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (file < 0 || write(file, text, length) != (ssize_t)length)
        fail("cannot write", name, 0);
    close(file);
}

static void mount_named(int runtime, const char *const *binds, int count, bool writable)
{
    char name[PATH_MAX];
    for (int i = 0; i < count; i++) {
        const char *source = strchr(binds[i], '=');
        size_t length = source ? (size_t)(source - binds[i]) : 0;
        if (!length || length >= sizeof name || memchr(binds[i], '/', length) || binds[i][0] == '.')
            fail("not NAME=DIR", binds[i], "the name is one word without a slash");
        snprintf(name, sizeof name, "%.*s", (int)length, binds[i]);
        mount_folder(runtime, name, source + 1, writable);
    }
}

/* What a build needs besides the image, in one folder that vanishes with the namespace: media, other folders, inert programs. */
static void fill_runtime(int runtime, const struct plan *plan)
{
    static const char inert[] = "#!/bin/sh\nexit 0\n";
    char name[PATH_MAX];
    close(open_beneath(runtime, "tmp"));
    if (fchmodat(runtime, "tmp", 01777, 0) < 0)
        fail("cannot prepare folder", RUNTIME "/tmp", 0);
    for (int i = 0; i < plan->media_count; i++) {
        snprintf(name, sizeof name, "media/%d", i + 1);
        mount_folder(runtime, name, plan->media[i], false);
    }
    mount_named(runtime, plan->binds, plan->bind_count, false);
    mount_named(runtime, plan->writable, plan->writable_count, true);
    int programs = open_beneath(runtime, "bin");
    for (int i = 0; i < plan->stub_count; i++) {
        if (strchr(plan->stubs[i], '/'))
            fail("not the name of a program", plan->stubs[i], "it has a slash");
        write_file(programs, plan->stubs[i], 0755, inert, sizeof inert - 1);
    }
    close(programs);
}

/* Shows the host's resolv.conf in the image, over whatever file its own name resolves to inside the image. Nothing of it stays:
 * a link into /run ends in our own tmpfs, any other name must exist already. */
static void mount_resolver(int root)
{
    int origin = open("/etc/resolv.conf", O_PATH | O_CLOEXEC);
    if (origin < 0)
        return;
    int target = resolve(root, "etc/resolv.conf", O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    if (target < 0) {
        char link[PATH_MAX];
        ssize_t length = readlinkat(root, "etc/resolv.conf", link, sizeof link - 1);
        link[length > 0 ? length : 0] = 0;
        const char *path = strncmp(link, "../run/", 7) == 0 ? link + 7 : strncmp(link, "/run/", 5) == 0 ? link + 5 : 0;
        char *slash = path ? strrchr(path, '/') : 0;
        if (!path || !*path || strstr(path, ".."))
            fail("the image has no file for the name server's address", "/etc/resolv.conf", "make it an empty file");
        int run = open_beneath(root, "run"), folder = run;
        if (slash) {
            *slash = 0;
            folder = open_beneath(run, path);
        }
        write_file(folder, slash ? slash + 1 : path, 0644, "", 0);
        target = resolve(root, "etc/resolv.conf", O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
        if (folder != run)
            close(folder);
        close(run);
    }
    if (target < 0)
        fail("cannot open", "/etc/resolv.conf", 0);
    int mount = clone_of(origin, false, "/etc/resolv.conf");
    set_attributes(mount, MOUNT_ATTR_RDONLY, 0, 0, "/etc/resolv.conf");
    attach(mount, target, "/etc/resolv.conf");
    close(mount);
    close(target);
    close(origin);
}

/* Everything of the host becomes read-only. */
static void protect_host(void)
{
    if (mkdir(RUNTIME, 0755) < 0 && errno != EEXIST)
        fail("cannot make folder", RUNTIME, 0);
    int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (host < 0)
        fail("cannot open", "/", 0);
    set_attributes(host, MOUNT_ATTR_RDONLY, 0, AT_RECURSIVE, "/");
    mount_proc(host);
    close(host);
}

/* The image as a mount point of its own, without anything that may be mounted on it. */
static int claim_image(const char *path)
{
    int tree = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (tree < 0)
        fail("cannot open root image", path, 0);
    int image = clone_of(tree, false, path);
    set_attributes(image, 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, path);
    attach(image, tree, path);
    close(tree);
    return image;
}

static void enter(int image)
{
    /* The new root is stacked on the old one at the same place, which is then taken away: nothing of the host is left to see. */
    if (fchdir(image) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        fail("cannot enter the root image", 0, 0);
}

/* Lays an overlay over the image at its own place; nothing else changes for the command but its mounts and processes. */
static void overlay_image(const struct plan *plan)
{
    char lower[64], upper[64], work[64];
    int image = open(plan->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int stage = open(plan->overlay, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int upper_folder = stage < 0 ? -1 : openat(stage, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int work_folder = stage < 0 ? -1 : openat(stage, "work", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (image < 0)
        fail("cannot open root image", plan->root, 0);
    if (upper_folder < 0 || work_folder < 0)
        fail("cannot open folder", plan->overlay, 0);
    /* Paths of descriptors: no character of a name means anything to the file system's options. */
    snprintf(lower, sizeof lower, "/proc/self/fd/%d", image);
    snprintf(upper, sizeof upper, "/proc/self/fd/%d", upper_folder);
    snprintf(work, sizeof work, "/proc/self/fd/%d", work_folder);
    const char *const options[] = {"lowerdir", lower, "upperdir", upper, "workdir", work, "redirect_dir", "off",
                                   "metacopy", "off", "index", "off", 0};
    int mount = new_mount("overlay", options, 0);
    attach(mount, image, plan->root);
    close(mount);
    close(image);
    close(upper_folder);
    close(work_folder);
    close(stage);
    int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (host < 0)
        fail("cannot open", "/", 0);
    mount_proc(host);
    close(host);
}

void prepare_mounts(const struct plan *plan)
{
    if (mount("", "/", 0, MS_REC | MS_PRIVATE, 0) < 0)
        fail("cannot make mounts private", "/", 0);
    if (plan->overlay) {
        overlay_image(plan);
        return;
    }
    if (!plan->inside)
        protect_host();
    int runtime = -1, image = -1;
    if (plan->root) {
        image = claim_image(plan->root);
        mount_new(image, "run", "tmpfs", private_folder, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
        int run = open_beneath(image, "run");
        close(open_beneath(run, "lock"));
        if (fchmodat(run, "lock", 01777, 0) < 0)
            fail("cannot prepare folder", "/run/lock", 0);
        close(run);
        mount_new(image, "run/catboat", "tmpfs", private_folder, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
        runtime = open_beneath(image, "run/catboat");
    } else {
        int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        mount_new(host, RUNTIME, "tmpfs", private_folder, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
        runtime = open_beneath(host, RUNTIME);
        close(host);
    }
    fill_runtime(runtime, plan);
    if (plan->root && !plan->inside) {
        int place = open(RUNTIME, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (place < 0)
            fail("cannot open folder", RUNTIME, 0);
        int both = clone_of(runtime, true, RUNTIME);
        attach(both, place, RUNTIME);
        close(both);
        close(place);
    }
    close(runtime);
    if (plan->root && !plan->bare) {
        static const unsigned fixed = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        mount_proc(image);
        mount_new(image, "sys", "sysfs", 0, fixed);
        mount_devices(image);
        /* Around the image the command has the host's own file, and packages may replace that of the image. */
        if (plan->network && plan->inside)
            mount_resolver(image);
    }
    if (plan->inside)
        enter(image);
    else if (setenv("TMPDIR", RUNTIME "/tmp", 1) < 0)
        fail("cannot set", "TMPDIR", 0);
    if (image >= 0)
        close(image);
}
