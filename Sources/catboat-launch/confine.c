#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define NATIVE AUDIT_ARCH_S390X
#elif defined(__riscv)
#define NATIVE AUDIT_ARCH_RISCV64
#endif

/* Not CAP_SYS_ADMIN, CAP_MKNOD or CAP_SYS_CHROOT: mmdebstrap and dpkg need them. */
void drop_capabilities(void)
{
    static const int unwanted[] = {CAP_SYS_MODULE, CAP_SYS_BOOT,   CAP_SYS_TIME,     CAP_SYS_RAWIO,
                                   CAP_SYSLOG,     CAP_WAKE_ALARM, CAP_AUDIT_CONTROL, CAP_BLOCK_SUSPEND};
    for (unsigned i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        if (prctl(PR_CAPBSET_DROP, unwanted[i], 0, 0, 0) < 0 && errno != EINVAL)
            fail("cannot drop a capability", 0, 0);
}

/* dpkg syncs after each of thousands of small writes; a tree that is made anew or marked unfinished gains nothing from it, and the
 * caller syncs once at the end. A filter works for every program, of any libc, without a file in the image. */
void suppress_sync(void)
{
#ifdef NATIVE
#define SUCCEED(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0)
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        SUCCEED(SYS_fsync),
        SUCCEED(SYS_fdatasync),
        SUCCEED(SYS_msync),
        SUCCEED(SYS_sync),
        SUCCEED(SYS_syncfs),
#ifdef SYS_sync_file_range
        SUCCEED(SYS_sync_file_range),
#endif
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
        fail("cannot install the system call filter", 0, 0);
#endif
}
