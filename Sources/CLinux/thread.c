#define _GNU_SOURCE
#include "clinux_thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

_Thread_local void *clinux_thread_mark = NULL;
_Thread_local const uint64_t *clinux_simulated_ns = NULL;

int clinux_thread_name(const char *name)
{
    char shortened[16];
    strncpy(shortened, name, sizeof(shortened) - 1);
    shortened[sizeof(shortened) - 1] = 0;
    return -pthread_setname_np(pthread_self(), shortened);
}

int clinux_thread_bind(int cpu)
{
    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return -EINVAL;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

int clinux_thread_unbind(void)
{
    cpu_set_t set;
    memset(&set, 0xff, sizeof(set));
    return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

int clinux_thread_can_bind(int cpu)
{
    cpu_set_t before;
    if (sched_getaffinity(0, sizeof(before), &before) < 0)
        return 0;
    int result = clinux_thread_bind(cpu);
    sched_setaffinity(0, sizeof(before), &before);
    return result == 0;
}

int clinux_thread_block_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    /* Faults of this very thread must still reach the handlers that print a backtrace. */
    static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT };
    for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&all, faults[i]);
    return -pthread_sigmask(SIG_SETMASK, &all, NULL);
}

/* As in linux/sched/types.h, which older headers lack and others put elsewhere. */
struct scheduling {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns;
    uint64_t deadline_ns;
    uint64_t period_ns;
};

int clinux_thread_be_prompt(void)
{
    struct scheduling wish = { .size = sizeof(wish) };
    if (syscall(SYS_sched_getattr, 0, &wish, sizeof(wish), 0) < 0)
        return -errno;
    /* Whoever started the process with another policy knows why. */
    if (wish.policy != SCHED_OTHER)
        return 0;
    /* Who asks for short slices gets them soon (Linux 6.12 and later; no right is needed for it). */
    wish.runtime_ns = 100000;
    return syscall(SYS_sched_setattr, 0, &wish, 0) < 0 ? -errno : 0;
}

int64_t clinux_thread_id(void) { return syscall(SYS_gettid); }
