#include "CLinux.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What this program cannot do without: timeouts in the wait (5.11) and no lost completions. */
static const unsigned needed_features = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP;

/*
 * Counts closed rings. The kernel may map a new ring where an old one was; liburing asks for that
 * without libc, so the thread sanitizer would take the two for one memory with a race. The count
 * tells it what the kernel knows: the old one was closed before.
 */
static atomic_uint closed_rings;

static int open_with(struct clinux_ring *r, unsigned entries, unsigned flags)
{
    struct io_uring_params parameters;
    memset(&parameters, 0, sizeof(parameters));
    parameters.flags = flags | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED;
    parameters.cq_entries = entries * 4;
    int result = io_uring_queue_init_params(entries, &r->ring, &parameters);
    if (result < 0)
        return result;
    r->is_open = 1;
    r->setup_flags = parameters.flags;
    if ((parameters.features & needed_features) != needed_features) {
        clinux_ring_close(r);
        return -EOPNOTSUPP;
    }
    return 0;
}

int clinux_ring_open(struct clinux_ring *r, unsigned entries)
{
    static const unsigned choices[] = {
        /* 6.1: completions are worked out only when this thread asks for them. */
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN
            | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
        /* 5.19: no interrupt for a thread that will enter the kernel anyway. */
        IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
        0,
    };
    int result = -EINVAL;
    memset(r, 0, sizeof(*r));
    for (unsigned i = 0; i < 3 && result == -EINVAL; i++)
        result = open_with(r, entries, choices[i]);
    if (result < 0)
        return result;
    atomic_load_explicit(&closed_rings, memory_order_acquire);
    /* liburing's own flush is not used, so the slots are mapped here once and for all. */
    for (unsigned i = 0; i < r->ring.sq.ring_entries && r->ring.sq.array; i++)
        r->ring.sq.array[i] = i;
    r->enter_fd = r->ring.ring_fd;
    return 0;
}

int clinux_ring_enable(struct clinux_ring *r)
{
    /* Not io_uring_enable_rings: liburing 2.3 of Debian 12 declares it and does not export it. */
    int result = io_uring_register(r->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    if (result < 0)
        return result;
    /* A registered ring saves the look-up of the descriptor in every call; 5.18, not needed. */
    if (io_uring_register_ring_fd(&r->ring) == 1) {
        r->enter_fd = r->ring.enter_ring_fd;
        r->enter_flags = IORING_ENTER_REGISTERED_RING;
    }
    return 0;
}

void clinux_ring_close(struct clinux_ring *r)
{
    if (r->is_open) {
        atomic_fetch_add_explicit(&closed_rings, 1, memory_order_acq_rel);
        io_uring_queue_exit(&r->ring);
        r->is_open = 0;
    }
    free(r->stash);
    r->stash = NULL;
    r->stash_count = r->stash_head = r->stash_capacity = 0;
}

/* Moves all completions out of the queue, so that the kernel has room for more. */
static void stash_completions(struct clinux_ring *r)
{
    struct io_uring_cq *cq = &r->ring.cq;
    unsigned head = *cq->khead;
    unsigned count = io_uring_smp_load_acquire(cq->ktail) - head;
    unsigned end = r->stash_head + r->stash_count;
    if (end + count > r->stash_capacity) {
        unsigned capacity = (end + count) * 2;
        struct clinux_completion *larger = realloc(r->stash, capacity * sizeof(*larger));
        if (!larger) {
            fputs("sluice: no memory to keep completions of the kernel\n", stderr);
            abort();
        }
        r->stash = larger;
        r->stash_capacity = capacity;
    }
    for (unsigned i = 0; i < count; i++) {
        const struct io_uring_cqe *cqe = &cq->cqes[(head + i) & cq->ring_mask];
        r->stash[end + i].ticket = (struct clinux_ticket *)(uintptr_t)cqe->user_data;
        r->stash[end + i].result = cqe->res;
        r->in_flight -= (cqe->flags & IORING_CQE_F_MORE) ? 0 : 1;
    }
    r->stash_count += count;
    io_uring_smp_store_release(cq->khead, head + count);
}

struct io_uring_sqe *clinux_ring_sqe_slow(struct clinux_ring *r)
{
    for (;;) {
        int result = clinux_ring_enter(r, 0, -1);
        if (result < 0 && result != -EAGAIN && result != -EBUSY) {
            fprintf(stderr, "sluice: io_uring_enter failed while submitting: %s\n",
                    strerror(-result));
            abort();
        }
        struct io_uring_cq *cq = &r->ring.cq;
        unsigned ready = io_uring_smp_load_acquire(cq->ktail) - *cq->khead;
        if (result < 0 || ready * 2 >= cq->ring_entries)
            stash_completions(r);
        struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);
        if (sqe)
            return sqe;
        sched_yield();
    }
}

int clinux_ring_take_submission(struct clinux_ring *r, struct clinux_submission *out)
{
    struct io_uring_sq *sq = &r->ring.sq;
    unsigned head = *sq->khead;
    if (head == *sq->ktail)
        return 0;
    const struct io_uring_sqe *sqe = &sq->sqes[head & sq->ring_mask];
    out->ticket = (struct clinux_ticket *)(uintptr_t)sqe->user_data;
    out->offset = sqe->off;
    out->address = sqe->addr;
    out->length = sqe->len;
    out->flags = (uint32_t)sqe->rw_flags;
    out->fd = sqe->fd;
    out->opcode = sqe->opcode;
    io_uring_smp_store_release(sq->khead, head + 1);
    return 1;
}

int clinux_ring_complete(struct clinux_ring *r, struct clinux_ticket *ticket, int32_t result)
{
    struct io_uring_cq *cq = &r->ring.cq;
    unsigned tail = *cq->ktail;
    if (tail - *cq->khead == cq->ring_entries)
        return 0;
    struct io_uring_cqe *cqe = &cq->cqes[tail & cq->ring_mask];
    cqe->user_data = (uint64_t)(uintptr_t)ticket;
    cqe->res = result;
    cqe->flags = 0;
    io_uring_smp_store_release(cq->ktail, tail + 1);
    return 1;
}
