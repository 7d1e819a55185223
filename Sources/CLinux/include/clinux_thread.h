/* The calling thread: its name, its processor, its mark, the time. */
#ifndef CLINUX_THREAD_H
#define CLINUX_THREAD_H

#include <stdint.h>
#include <time.h>

/* Names the calling thread (15 bytes count); 0 or -errno. */
int clinux_thread_name(const char *_Nonnull name);
/* Binds the calling thread to one processor; 0 or -errno. */
int clinux_thread_bind(int cpu);
/* Lets the calling thread run on any processor again; 0 or -errno. */
int clinux_thread_unbind(void);
/* Whether the calling thread could be bound to a processor: 1 or 0; it stays where it is. */
int clinux_thread_can_bind(int cpu);
/* Blocks all signals but faults in the calling thread: they are the main one's; 0 or -errno. */
int clinux_thread_block_signals(void);
/* Has the calling thread run before threads that compute when something comes for it; 0 or -errno. */
int clinux_thread_be_prompt(void);
/* The thread's own identity, which no other thread shares while it lives. */
int64_t clinux_thread_id(void);

/* What the calling thread works for: a pointer that each thread has for itself. */
extern _Thread_local void *_Nullable clinux_thread_mark;

static inline void *_Nullable clinux_thread_mark_get(void)
{
    return clinux_thread_mark;
}

static inline void clinux_thread_mark_set(void *_Nullable mark)
{
    clinux_thread_mark = mark;
}

/* The time of a simulation that runs on the calling thread, in nanoseconds; NULL for the real one. */
extern _Thread_local const uint64_t *_Nullable clinux_simulated_ns;

static inline void clinux_simulate_clock(const uint64_t *_Nullable now)
{
    clinux_simulated_ns = now;
}

static inline uint64_t clinux_monotonic_ns(void)
{
    if (__builtin_expect(clinux_simulated_ns != NULL, 0))
        return *clinux_simulated_ns;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The same clock as of the last tick, up to 10 ms ago: it does not wait for what is under way. */
static inline uint64_t clinux_monotonic_tick_ns(void)
{
    if (__builtin_expect(clinux_simulated_ns != NULL, 0))
        return *clinux_simulated_ns;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
