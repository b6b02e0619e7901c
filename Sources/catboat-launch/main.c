#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

void fail(const char *what, const char *subject, const char *reason)
{
    if (!reason)
        reason = strerror(errno);
    if (subject)
        fprintf(stderr, "catboat-launch: error: %s: '%s': %s\n", what, subject, reason);
    else
        fprintf(stderr, "catboat-launch: error: %s: %s\n", what, reason);
    exit(EXIT_LAUNCHER);
}

static void __attribute__((noreturn)) usage(int status)
{
    fputs("usage: catboat-launch [--root DIR [--inside | --bare | --overlay DIR]] [--network] [--suppress-sync] [--media DIR]...\n"
          "                      [--bind NAME=DIR]... [--bind-writable NAME=DIR]... [--stub NAME]...\n"
          "                      [--directory DIR] [--liveness FD]... -- COMMAND [ARGUMENT]...\n",
          status ? stderr : stdout);
    exit(status);
}

static void add(const char **list, int *count, int limit, const char *value, const char *what)
{
    if (*count == limit)
        fail("too many values", what, "see catboat-launch --help");
    list[(*count)++] = value;
}

static int descriptor(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (!*text || *end || value < 0 || value > 1 << 20 || fcntl((int)value, F_GETFD) < 0)
        fail("not an open descriptor", text, "pass the read end of a pipe");
    return (int)value;
}

static void parse(int argc, char **argv, struct plan *plan)
{
    enum { ROOT = 256, INSIDE, BARE, OVERLAY, NETWORK, SUPPRESS, MEDIA, BIND, WRITABLE, STUB, DIRECTORY, LIVENESS, HELP };
    static const struct option options[] = {
        {"root", required_argument, 0, ROOT},           {"inside", no_argument, 0, INSIDE},
        {"bare", no_argument, 0, BARE},                 {"overlay", required_argument, 0, OVERLAY},
        {"network", no_argument, 0, NETWORK},
        {"suppress-sync", no_argument, 0, SUPPRESS},    {"media", required_argument, 0, MEDIA},
        {"bind", required_argument, 0, BIND},           {"bind-writable", required_argument, 0, WRITABLE},
        {"stub", required_argument, 0, STUB},           {"directory", required_argument, 0, DIRECTORY},
        {"liveness", required_argument, 0, LIVENESS},   {"help", no_argument, 0, HELP},
        {0, 0, 0, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "+h", options, 0)) != -1) {
        switch (option) {
        case ROOT: plan->root = optarg; break;
        case INSIDE: plan->inside = true; break;
        case BARE: plan->bare = true; break;
        case OVERLAY: plan->overlay = optarg; break;
        case NETWORK: plan->network = true; break;
        case SUPPRESS: plan->suppress_sync = true; break;
        case MEDIA: add(plan->media, &plan->media_count, MEDIA_LIMIT, optarg, "--media"); break;
        case BIND: add(plan->binds, &plan->bind_count, BIND_LIMIT, optarg, "--bind"); break;
        case WRITABLE: add(plan->writable, &plan->writable_count, BIND_LIMIT, optarg, "--bind-writable"); break;
        case STUB: add(plan->stubs, &plan->stub_count, STUB_LIMIT, optarg, "--stub"); break;
        case DIRECTORY: plan->directory = optarg; break;
        case LIVENESS:
            if (plan->liveness_count == LIVENESS_LIMIT)
                fail("too many values", "--liveness", "see catboat-launch --help");
            plan->liveness[plan->liveness_count++] = descriptor(optarg);
            break;
        case 'h':
        case HELP: usage(0);
        default: usage(129);
        }
    }
    int views = plan->inside + plan->bare + !!plan->overlay;
    if (optind == argc || (!plan->root && views) || views > 1)
        usage(129);
    plan->command = argv + optind;
}

/* Waits until the namespace has ended, ending it when a caller dies, passing on the signals that people send to us.
 * A signal of the terminal (SI_KERNEL) has reached the command already. */
static void watch(const struct plan *plan, pid_t init, int signals)
{
    struct pollfd watched[LIVENESS_LIMIT + 1];
    int count = 0;
    watched[count++] = (struct pollfd){.fd = signals, .events = POLLIN};
    for (int i = 0; i < plan->liveness_count; i++)
        watched[count++] = (struct pollfd){.fd = plan->liveness[i], .events = POLLIN};
    for (;;) {
        if (poll(watched, (nfds_t)count, -1) < 0 && errno != EINTR)
            break;
        for (int i = 1; i < count; i++)
            if (watched[i].revents & (POLLHUP | POLLERR | POLLNVAL)) {
                kill(init, SIGKILL);
                watched[i].fd = -1;
            }
        struct signalfd_siginfo signal;
        while (read(signals, &signal, sizeof signal) == sizeof signal) {
            if (signal.ssi_signo == SIGCHLD) {
                siginfo_t ended = {0};
                if (waitid(P_PID, (id_t)init, &ended, WEXITED | WNOHANG) == 0 && ended.si_pid == init)
                    return;
            } else if (signal.ssi_code != SI_KERNEL) {
                kill(init, (int)signal.ssi_signo);
            }
        }
    }
    kill(init, SIGKILL);
    waitpid(init, 0, 0);
}

/* Ends as the command ended, by the same signal if it was one. */
static void finish(int report)
{
    struct outcome outcome;
    if (read(report, &outcome, sizeof outcome) != sizeof outcome)
        exit(EXIT_LAUNCHER);
    if (WIFEXITED(outcome.status))
        exit(WEXITSTATUS(outcome.status));
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    sigset_t all;
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, 0);
    signal(WTERMSIG(outcome.status), SIG_DFL);
    raise(WTERMSIG(outcome.status));
    exit(128 + WTERMSIG(outcome.status));
}

int main(int argc, char **argv)
{
    struct plan plan = {0};
    parse(argc, argv, &plan);

    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGCHLD);
    sigaddset(&handled, SIGINT);
    sigaddset(&handled, SIGTERM);
    sigaddset(&handled, SIGHUP);
    sigaddset(&handled, SIGQUIT);
    sigaddset(&handled, SIGUSR1);
    sigaddset(&handled, SIGUSR2);
    sigprocmask(SIG_SETMASK, &handled, 0);
    signal(SIGPIPE, SIG_DFL);
    int signals = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
    int alive[2], report[2];
    if (signals < 0 || pipe2(alive, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0)
        fail("cannot watch the command", 0, 0);

    /* The host name must not get into images, so there is a UTS namespace as well. */
    int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | (plan.network ? 0 : CLONE_NEWNET);
    if (unshare(flags) < 0)
        fail("cannot make private namespaces", 0, errno == EPERM ? "run this as root" : 0);
    pid_t init = fork();
    if (init < 0)
        fail("cannot start a process", 0, 0);
    if (init == 0) {
        close(alive[1]);
        close(report[0]);
        close(signals);
        run_init(&plan, alive[0], report[1]);
    }
    close(alive[0]);
    close(report[1]);
    watch(&plan, init, signals);
    finish(report[0]);
}
