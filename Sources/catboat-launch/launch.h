/* catboat-launch: runs one command in private namespaces around a root image.
 *
 * Three processes: the launcher (watches its caller), its child, which is PID 1 of the new PID namespace (watches the launcher),
 * and the command. Whoever of the first two ends, the kernel ends everything in the namespace and with it every mount. */
#ifndef CATBOAT_LAUNCH_H
#define CATBOAT_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

enum { MEDIA_LIMIT = 64, STUB_LIMIT = 16, BIND_LIMIT = 16, LIVENESS_LIMIT = 4 };

/* Exit status of the launcher's own failures, of a command that cannot be executed, of one that does not exist. */
enum { EXIT_LAUNCHER = 125, EXIT_CANNOT_EXECUTE = 126, EXIT_NO_COMMAND = 127 };

struct plan {
    const char *root;                 /* the root image; null: none is prepared */
    bool inside;                      /* the command's root is the image, the host is out of its reach */
    bool bare;                        /* prepare only the image's /run: mmdebstrap makes the other mounts itself */
    const char *overlay;              /* folder with upper/ and work/: the command's changes of the image go there */
    bool network;                     /* share the caller's network */
    bool suppress_sync;               /* fsync and its kin succeed without doing anything */
    const char *directory;            /* working directory of the command */
    const char *media[MEDIA_LIMIT];   /* read-only at /run/catboat/media/1, 2, ... */
    int media_count;
    const char *binds[BIND_LIMIT];    /* NAME=DIRECTORY, read-only at /run/catboat/NAME */
    int bind_count;
    const char *writable[BIND_LIMIT]; /* the same, but writable */
    int writable_count;
    const char *stubs[STUB_LIMIT];    /* programs that do nothing, in /run/catboat/bin */
    int stub_count;
    int liveness[LIVENESS_LIMIT];     /* read ends of pipes whose write ends callers hold */
    int liveness_count;
    char **command;
};

/* What PID 1 tells the launcher about the command: its wait status. */
struct outcome { int status; };

/* Prints "catboat-launch: error: WHAT: 'SUBJECT': REASON" (errno when REASON is null) and exits EXIT_LAUNCHER. */
void fail(const char *what, const char *subject, const char *reason) __attribute__((noreturn));

/* Makes all mounts of the plan; when it returns, the process sees them, and is inside the image if the plan says so. */
void prepare_mounts(const struct plan *plan);

/* Opens DIRECTORY beneath ROOT without following any symbolic link, making it (0755) if it is missing. */
int open_beneath(int root, const char *path);

/* Gives up the capabilities by which a package script could reach past its namespaces. */
void drop_capabilities(void);

/* Installs the system call filter behind suppress_sync. */
void suppress_sync(void);

/* PID 1: runs the command, reaps, forwards signals, ends when LAUNCHER (a pipe) closes. */
void run_init(const struct plan *plan, int launcher, int report) __attribute__((noreturn));

#endif
