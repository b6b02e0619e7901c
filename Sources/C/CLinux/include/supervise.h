/* What a process needs that watches over a child: a descriptor that tells when the child
 * has ended, and a descriptor that tells of signals sent to us meanwhile. */
#ifndef CATBOAT_SUPERVISE_H
#define CATBOAT_SUPERVISE_H

#include <sys/types.h>

/* pidfd_open(2), closed on exec: readable once the process has ended, also before it is waited for. */
int catboat_pidfd(pid_t pid);

/* Makes this process the parent of what its descendants leave behind, also in sessions of their own. 0, or -1 with errno. */
int catboat_adopt_orphans(void);

/* From now on SIGINT, SIGTERM and SIGHUP (unless they are ignored) no longer end the process: each is
 * written as one byte, its number, to a pipe. Returns the end to read, which never blocks; -1 on failure.
 * Calls nest. */
int catboat_signals_catch(void);

/* Ends the innermost catboat_signals_catch; after the last one signals act as before. */
void catboat_signals_release(void);

#endif
