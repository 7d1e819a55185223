/* The calling thread: its name, its processor, its mark, the time. */
#ifndef CLINUX_THREAD_H
#define CLINUX_THREAD_H

#include <stdint.h>
#include <time.h>

/* Names the calling thread (15 bytes count); 0 or -errno. */
int clinux_thread_name(const char *_Nonnull name);
/* Binds the calling thread to one processor; 0 or -errno. */
int clinux_thread_bind(int cpu);
/* Blocks all signals but faults in the calling thread: they are the main one's; 0 or -errno. */
int clinux_thread_block_signals(void);
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

static inline uint64_t clinux_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
