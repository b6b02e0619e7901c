/* System calls of Linux that glibc's Swift overlay does not show: the numbers and
 * structures come from the kernel's own headers. Every function follows the kernel's
 * convention as glibc wraps it: -1 and errno on failure. */
#ifndef CATBOAT_LINUX_CALLS_H
#define CATBOAT_LINUX_CALLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* openat2(2). `resolve` is one or more of the CATBOAT_RESOLVE_ values. */
int catboat_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
extern const uint64_t CATBOAT_O_PATH;
extern const uint64_t CATBOAT_RESOLVE_IN_ROOT;
extern const uint64_t CATBOAT_RESOLVE_BENEATH;
extern const uint64_t CATBOAT_RESOLVE_NO_SYMLINKS;
extern const uint64_t CATBOAT_RESOLVE_NO_MAGICLINKS;
extern const uint64_t CATBOAT_RESOLVE_NO_XDEV;

/* renameat2(2) with RENAME_EXCHANGE, and with RENAME_NOREPLACE. */
int catboat_rename_exchange(const char *first, const char *second);
int catboat_rename_noreplace(const char *from, const char *to);

/* mkostemp(3) with O_CLOEXEC. */
int catboat_mkostemp(char *path_template);

/* pipe2(2) with O_CLOEXEC. */
int catboat_pipe(int ends[2]);

/* A file that is only in memory, closed on exec. */
int catboat_memory_file(const char *name);

/* ioctl_ficlone(2): share the extents of `source` with `target`. */
int catboat_reflink(int target, int source);

/* Extended attributes of an open file, or of a path that may be a symbolic link. */
ssize_t catboat_llistxattr(const char *path, char *list, size_t size);
ssize_t catboat_lgetxattr(const char *path, const char *name, void *value, size_t size);
int catboat_lsetxattr(const char *path, const char *name, const void *value, size_t size);
/* `path` is followed, also when it is /proc/self/fd/N of an O_PATH descriptor. */
ssize_t catboat_listxattr(const char *path, char *list, size_t size);
ssize_t catboat_getxattr(const char *path, const char *name, void *value, size_t size);

/* lseek(2) with SEEK_DATA and SEEK_HOLE, copy_file_range(2), syncfs(2). */
int64_t catboat_seek_data(int descriptor, int64_t offset);
int64_t catboat_seek_hole(int descriptor, int64_t offset);
ssize_t catboat_copy_range(int source, int64_t *source_offset, int target, int64_t *target_offset, size_t count);
int catboat_syncfs(int descriptor);

/* Device numbers as the makedev(3) family sees them. */
unsigned catboat_major(uint64_t device);
unsigned catboat_minor(uint64_t device);
uint64_t catboat_makedev(unsigned major, unsigned minor);

/* Processors that this process may use, at least 1. */
int catboat_usable_processors(void);

/* The environment, wait(2) statuses: macros that Swift cannot import. */
char **catboat_environ(void);
int catboat_exited(int status);
int catboat_exit_status(int status);
int catboat_termination_signal(int status);

/* flock(2) operations as functions, because `flock` names both a struct and a function. */
int catboat_lock_exclusive(int descriptor, int wait);
int catboat_unlock(int descriptor);

/* Files to unlink when SIGINT, SIGTERM or SIGHUP ends the process. At most 64 at a time;
 * `add` returns a slot or -1 when full, and copies the path. */
int catboat_cleanup_add(const char *path);
void catboat_cleanup_remove(int slot);

/* posix_spawn(3) with an exact descriptor table: descriptor map[i] of this process becomes
 * descriptor i of the child for i in 0..<count, -1 leaves it closed; every other descriptor
 * is closed. `directory` may be NULL, `group` 1 makes a new process group. Returns 0 or an errno value. */
int catboat_spawn(pid_t *pid, const char *program, char *const *arguments, char *const *environment,
    const char *directory, const int *map, int count, int group);

/* prlimit(2): the address space of a running process. */
int catboat_limit_memory(pid_t pid, uint64_t bytes);

#endif
