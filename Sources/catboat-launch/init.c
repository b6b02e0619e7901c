#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Package scripts may talk to themselves. */
static void raise_loopback(void)
{
    int socket_descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    if (socket_descriptor < 0)
        return;
    memcpy(request.ifr_name, "lo", sizeof "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    ioctl(socket_descriptor, SIOCSIFFLAGS, &request);
    close(socket_descriptor);
}

static void execute(const struct plan *plan)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
    if (plan->directory && chdir(plan->directory) < 0)
        fail("cannot enter folder", plan->directory, 0);
    /* What runs over a throw-away image is our own plumbing: it needs the lock and its capabilities. */
    if (!plan->overlay) {
        /* Neither the lock nor the pipes are the command's business; a descriptor of the host would lead out of the image. */
        close_range(3, ~0U, 0);
        unsetenv("CATBOAT_LOCK_FD");
    }
    execvp(plan->command[0], plan->command);
    int reason = errno;
    fprintf(stderr, "catboat-launch: error: cannot run: '%s': %s\n", plan->command[0], strerror(reason));
    _exit(reason == ENOENT ? EXIT_NO_COMMAND : EXIT_CANNOT_EXECUTE);
}

/* Returns the command's wait status; orphans that end meanwhile are reaped. */
static int supervise(pid_t command, int launcher, int signals)
{
    struct pollfd watched[] = {{.fd = signals, .events = POLLIN}, {.fd = launcher, .events = POLLIN}};
    for (;;) {
        if (poll(watched, 2, -1) < 0 && errno != EINTR)
            _exit(EXIT_LAUNCHER);
        if (watched[1].revents)
            _exit(EXIT_LAUNCHER);
        struct signalfd_siginfo signal;
        while (read(signals, &signal, sizeof signal) == sizeof signal) {
            if (signal.ssi_signo != SIGCHLD) {
                if (signal.ssi_code != SI_KERNEL)
                    kill(command, (int)signal.ssi_signo);
                continue;
            }
            int status;
            pid_t ended;
            while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
                if (ended == command)
                    return status;
        }
    }
}

void run_init(const struct plan *plan, int launcher, int report)
{
    for (int i = 0; i < plan->liveness_count; i++)
        close(plan->liveness[i]);
    if (!plan->network)
        raise_loopback();
    if (sethostname("localhost", strlen("localhost")) < 0)
        fail("cannot set the host name of the namespace", 0, 0);
    umask(022);
    prepare_mounts(plan);
    if (!plan->overlay)
        drop_capabilities();
    if (plan->suppress_sync)
        suppress_sync();

    sigset_t handled;
    sigprocmask(SIG_SETMASK, 0, &handled);
    int signals = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0)
        fail("cannot watch the command", 0, 0);
    pid_t command = fork();
    if (command < 0)
        fail("cannot start a process", 0, 0);
    if (command == 0)
        execute(plan);
    struct outcome outcome = {supervise(command, launcher, signals)};
    if (write(report, &outcome, sizeof outcome) != sizeof outcome)
        _exit(EXIT_LAUNCHER);
    _exit(0);
}
