#define _GNU_SOURCE
#include "linux_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

const uint64_t CATBOAT_O_PATH = O_PATH;
const uint64_t CATBOAT_RESOLVE_IN_ROOT = RESOLVE_IN_ROOT;
const uint64_t CATBOAT_RESOLVE_BENEATH = RESOLVE_BENEATH;
const uint64_t CATBOAT_RESOLVE_NO_SYMLINKS = RESOLVE_NO_SYMLINKS;
const uint64_t CATBOAT_RESOLVE_NO_MAGICLINKS = RESOLVE_NO_MAGICLINKS;
const uint64_t CATBOAT_RESOLVE_NO_XDEV = RESOLVE_NO_XDEV;

int catboat_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = flags | O_CLOEXEC;
    how.mode = mode;
    how.resolve = resolve;
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int catboat_rename_exchange(const char *first, const char *second)
{
    return renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE);
}

int catboat_rename_noreplace(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int catboat_mkostemp(char *path_template) { return mkostemp(path_template, O_CLOEXEC); }

int catboat_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int catboat_reflink(int target, int source) { return ioctl(target, FICLONE, source); }

ssize_t catboat_llistxattr(const char *path, char *list, size_t size) { return llistxattr(path, list, size); }

ssize_t catboat_lgetxattr(const char *path, const char *name, void *value, size_t size)
{
    return lgetxattr(path, name, value, size);
}

int catboat_lsetxattr(const char *path, const char *name, const void *value, size_t size)
{
    return lsetxattr(path, name, value, size, 0);
}

ssize_t catboat_listxattr(const char *path, char *list, size_t size) { return listxattr(path, list, size); }

ssize_t catboat_getxattr(const char *path, const char *name, void *value, size_t size)
{
    return getxattr(path, name, value, size);
}

unsigned catboat_major(uint64_t device) { return major(device); }
unsigned catboat_minor(uint64_t device) { return minor(device); }
uint64_t catboat_makedev(unsigned high, unsigned low) { return makedev(high, low); }

int catboat_usable_processors(void)
{
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof mask, &mask) == 0 && CPU_COUNT(&mask) > 0) return CPU_COUNT(&mask);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

char **catboat_environ(void) { return environ; }
int catboat_exited(int status) { return WIFEXITED(status); }
int catboat_exit_status(int status) { return WEXITSTATUS(status); }
int catboat_termination_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

int catboat_lock_exclusive(int descriptor, int wait) { return flock(descriptor, LOCK_EX | (wait ? 0 : LOCK_NB)); }
int catboat_unlock(int descriptor) { return flock(descriptor, LOCK_UN); }

enum { SLOTS = 64 };
static char *volatile slots[SLOTS];

static void cleanup_and_die(int signal_number)
{
    for (int i = 0; i < SLOTS; i++) {
        char *path = slots[i];
        if (path) unlink(path);
    }
    /* Folders, once what was in them is gone. */
    for (int i = 0; i < SLOTS; i++) {
        char *path = slots[i];
        if (path) rmdir(path);
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

int catboat_cleanup_add(const char *path)
{
    static int installed;
    if (!__atomic_exchange_n(&installed, 1, __ATOMIC_SEQ_CST)) {
        const int signals[] = { SIGINT, SIGTERM, SIGHUP };
        for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
            struct sigaction now, action;
            memset(&action, 0, sizeof action);
            action.sa_handler = cleanup_and_die;
            sigemptyset(&action.sa_mask);
            if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
                sigaction(signals[i], &action, NULL);
        }
    }
    char *copy = strdup(path);
    if (!copy) return -1;
    for (int i = 0; i < SLOTS; i++) {
        char *expected = NULL;
        if (__atomic_compare_exchange_n(&slots[i], &expected, copy, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return i;
    }
    free(copy);
    return -1;
}

void catboat_cleanup_remove(int slot)
{
    if (slot < 0 || slot >= SLOTS) return;
    /* Not freed: a signal handler on another thread may be reading it. A process has few. */
    __atomic_store_n(&slots[slot], NULL, __ATOMIC_SEQ_CST);
}

int catboat_spawn(pid_t *pid, const char *program, char *const *arguments, char *const *environment,
    const char *directory, const int *map, int count, int group)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    /* First lift every source above the targets, so that no dup2 overwrites a source still needed. */
    int lifted[256];
    int base = count;
    int opened = 0;
    if (count > 256) error = EINVAL;
    for (int i = 0; !error && i < count; i++) {
        lifted[i] = -1;
        if (map[i] < 0) continue;
        lifted[i] = fcntl(map[i], F_DUPFD_CLOEXEC, base);
        if (lifted[i] < 0) error = errno;
        opened = i + 1;
    }
    for (int i = 0; !error && i < count; i++) {
        if (lifted[i] >= 0)
            error = posix_spawn_file_actions_adddup2(&actions, lifted[i], i);
        else if (i < 3)
            error = posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
    }
    for (int i = 3; !error && i < count; i++)
        if (lifted[i] < 0) error = posix_spawn_file_actions_addclose(&actions, i);
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, count < 3 ? 3 : count);
    if (!error && directory) error = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (!error) {
        sigset_t none, ordinary;
        sigemptyset(&none);
        sigemptyset(&ordinary);
        sigaddset(&ordinary, SIGPIPE);
        sigaddset(&ordinary, SIGINT);
        sigaddset(&ordinary, SIGTERM);
        sigaddset(&ordinary, SIGHUP);
        short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        if (group) flags |= POSIX_SPAWN_SETPGROUP;
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &ordinary);
        if (group) posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, flags);
        error = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
    }
    for (int i = 0; i < opened; i++)
        if (lifted[i] >= 0) close(lifted[i]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

int catboat_limit_memory(pid_t pid, uint64_t bytes)
{
    struct rlimit limit = {bytes, bytes};
    return prlimit(pid, RLIMIT_AS, &limit, NULL);
}

int64_t catboat_seek_data(int descriptor, int64_t offset) { return lseek(descriptor, offset, SEEK_DATA); }

int64_t catboat_seek_hole(int descriptor, int64_t offset) { return lseek(descriptor, offset, SEEK_HOLE); }

ssize_t catboat_copy_range(int source, int64_t *source_offset, int target, int64_t *target_offset, size_t count)
{
    off_t from = *source_offset, to = *target_offset;
    ssize_t copied = copy_file_range(source, &from, target, &to, count, 0);
    *source_offset = from;
    *target_offset = to;
    return copied;
}

int catboat_syncfs(int descriptor) { return syncfs(descriptor); }

int catboat_memory_file(const char *name)
{
    return memfd_create(name, MFD_CLOEXEC);
}
