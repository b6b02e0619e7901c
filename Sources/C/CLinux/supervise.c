#define _GNU_SOURCE
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int catboat_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int catboat_adopt_orphans(void)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static const int caught[] = { SIGINT, SIGTERM, SIGHUP };
enum { CAUGHT = sizeof caught / sizeof *caught };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int depth;
static int ends[2] = { -1, -1 };
static struct sigaction before[CAUGHT];

static void note(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    /* A full pipe already holds what the reader needs to know. */
    if (write(ends[1], &byte, 1) < 0) {}
    errno = saved;
}

int catboat_signals_catch(void)
{
    int result = -1;
    pthread_mutex_lock(&lock);
    if (ends[0] < 0 && pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) goto out;
    if (depth++ == 0) {
        for (int i = 0; i < CAUGHT; i++) {
            struct sigaction action;
            memset(&action, 0, sizeof action);
            action.sa_handler = note;
            action.sa_flags = SA_RESTART;
            sigemptyset(&action.sa_mask);
            if (sigaction(caught[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
                sigaction(caught[i], &action, NULL);
        }
    }
    result = ends[0];
out:
    pthread_mutex_unlock(&lock);
    return result;
}

void catboat_signals_release(void)
{
    pthread_mutex_lock(&lock);
    if (depth > 0 && --depth == 0)
        for (int i = 0; i < CAUGHT; i++)
            sigaction(caught[i], &before[i], NULL);
    pthread_mutex_unlock(&lock);
}
