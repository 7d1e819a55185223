/* One io_uring, its submission side and its completion side; used by one thread only. */
#ifndef CLINUX_RING_H
#define CLINUX_RING_H

/* liburing.h defines _XOPEN_SOURCE, which changes fd_set: these come first, without it. */
#include <sys/types.h>
#include <sys/select.h>
#include <signal.h>
#include <stdint.h>
#include <liburing.h>

/* The cell of one pending operation; the user data of its submission is its address. */
struct clinux_ticket {
    void (*_Nonnull raw_handler)(struct clinux_ticket *_Nonnull ticket, int32_t result);
    void *_Nullable raw_context;
} __attribute__((swift_name("KernelTicket")));

/* A completion as the loop takes it: the ticket's address (0: nobody waits) and the result. */
struct clinux_completion {
    struct clinux_ticket *_Nullable ticket;
    int32_t result;
};

struct clinux_ring {
    struct io_uring ring;
    /* Added to the flags of every io_uring_enter: whether the descriptor is a registered one. */
    uint32_t enter_flags;
    int32_t enter_fd;
    uint32_t setup_flags;
    uint32_t is_open;
    /* Operations handed out and not yet completed, with those that nobody waits for. */
    uint64_t in_flight;
    /* Calls of io_uring_enter since the start. */
    uint64_t enters;
    /* Completions taken out of a full completion queue in the middle of a turn, oldest first. */
    struct clinux_completion *_Nullable stash;
    uint32_t stash_head, stash_count, stash_capacity;
    /* What stands in for the kernel in a simulation: called instead of io_uring_enter. */
    int (*_Nullable simulated_enter)(void *_Nullable context, int wait, int64_t timeout_ns);
    void *_Nullable simulated_context;
};

/* A submission as a simulated kernel sees it. */
struct clinux_submission {
    struct clinux_ticket *_Nullable ticket;
    uint64_t offset, address;
    uint32_t length, flags;
    int32_t fd;
    uint8_t opcode;
};

/* Opcodes that a simulated kernel knows. */
static const uint8_t CLINUX_OP_NOP = IORING_OP_NOP;
static const uint8_t CLINUX_OP_READ = IORING_OP_READ;
static const uint8_t CLINUX_OP_WRITE = IORING_OP_WRITE;
static const uint8_t CLINUX_OP_FSYNC = IORING_OP_FSYNC;
static const uint8_t CLINUX_OP_CANCEL = IORING_OP_ASYNC_CANCEL;

/* Takes the oldest submission that has not been entered; 0 when there is none. */
int clinux_ring_take_submission(struct clinux_ring *_Nonnull r,
                                struct clinux_submission *_Nonnull out);
/* Puts a completion into the ring, as the kernel does; 0 when it is full. */
int clinux_ring_complete(struct clinux_ring *_Nonnull r, struct clinux_ticket *_Nullable ticket,
                         int32_t result);

/* Makes a disabled ring with the best flags the kernel has; 0 or -errno. */
int clinux_ring_open(struct clinux_ring *_Nonnull r, unsigned entries);
/* Enables it for the calling thread, the only one that may use it from now on; 0 or -errno. */
int clinux_ring_enable(struct clinux_ring *_Nonnull r);
/* Closes it, on the thread that enabled it; pending operations are cancelled by the kernel. */
void clinux_ring_close(struct clinux_ring *_Nonnull r);
/* Makes room in the submission queue, whatever it takes. */
struct io_uring_sqe *_Nonnull clinux_ring_sqe_slow(struct clinux_ring *_Nonnull r);

/* How many submissions wait for the next enter. */
static inline unsigned clinux_ring_flush(struct clinux_ring *_Nonnull r)
{
    struct io_uring_sq *sq = &r->ring.sq;
    if (sq->sqe_head != sq->sqe_tail) {
        sq->sqe_head = sq->sqe_tail;
        io_uring_smp_store_release(sq->ktail, sq->sqe_tail);
    }
    return sq->sqe_tail - IO_URING_READ_ONCE(*sq->khead);
}

/* How many completions can be taken without entering the kernel. */
static inline unsigned clinux_ring_ready(const struct clinux_ring *_Nonnull r)
{
    const struct io_uring_cq *cq = &r->ring.cq;
    return r->stash_count + (io_uring_smp_load_acquire(cq->ktail) - *cq->khead);
}

/* Completions that the kernel had no memory to keep; must stay 0. */
static inline unsigned clinux_ring_lost(const struct clinux_ring *_Nonnull r)
{
    return IO_URING_READ_ONCE(*r->ring.cq.koverflow);
}

/*
 * Submits what is queued and, when asked, waits for one completion for at most `timeout_ns`
 * (negative: for ever). Without a wait and with nothing to do it makes no system call.
 * 0 or more: submitted; -ETIME and -EINTR are answered as 0.
 */
static inline int clinux_ring_enter(struct clinux_ring *_Nonnull r, int wait, int64_t timeout_ns)
{
    unsigned to_submit = clinux_ring_flush(r);
    unsigned flags = IORING_ENTER_GETEVENTS | r->enter_flags;
    struct __kernel_timespec span;
    struct io_uring_getevents_arg arg;
    void *argument = NULL;
    size_t size = _NSIG / 8;

    if (__builtin_expect(r->simulated_enter != NULL, 0))
        return r->simulated_enter(r->simulated_context, wait, timeout_ns);
    if (!wait && !to_submit) {
        unsigned pending = IO_URING_READ_ONCE(*r->ring.sq.kflags);
        if (!(pending & (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN)))
            return 0;
    }
    if (wait && timeout_ns >= 0) {
        span.tv_sec = timeout_ns / 1000000000;
        span.tv_nsec = timeout_ns % 1000000000;
        arg.sigmask = 0;
        arg.sigmask_sz = _NSIG / 8;
        arg.pad = 0;
        arg.ts = (uint64_t)(uintptr_t)&span;
        argument = &arg;
        size = sizeof(arg);
        flags |= IORING_ENTER_EXT_ARG;
    }
    r->enters += 1;
    int result = io_uring_enter2(r->enter_fd, to_submit, wait ? 1 : 0, flags, argument, size);
    return result == -ETIME || result == -EINTR ? 0 : result;
}

/* Takes the oldest completion; 0 when there is none. */
static inline int clinux_ring_take(struct clinux_ring *_Nonnull r,
                                   struct clinux_completion *_Nonnull out)
{
    struct io_uring_cq *cq = &r->ring.cq;
    if (__builtin_expect(r->stash_count != 0, 0)) {
        *out = r->stash[r->stash_head++];
        if (--r->stash_count == 0)
            r->stash_head = 0;
        return 1;
    }
    unsigned head = *cq->khead;
    if (head == io_uring_smp_load_acquire(cq->ktail))
        return 0;
    const struct io_uring_cqe *cqe = &cq->cqes[head & cq->ring_mask];
    out->ticket = (struct clinux_ticket *)(uintptr_t)cqe->user_data;
    out->result = cqe->res;
    r->in_flight -= (cqe->flags & IORING_CQE_F_MORE) ? 0 : 1;
    io_uring_smp_store_release(cq->khead, head + 1);
    return 1;
}

static inline struct io_uring_sqe *_Nonnull clinux_ring_sqe(struct clinux_ring *_Nonnull r)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);
    if (__builtin_expect(sqe == NULL, 0))
        sqe = clinux_ring_sqe_slow(r);
    r->in_flight += 1;
    return sqe;
}

#define CLINUX_QUEUE(prepare, ...) \
    struct io_uring_sqe *sqe = clinux_ring_sqe(r); \
    prepare(sqe, ##__VA_ARGS__); \
    sqe->user_data = (uint64_t)(uintptr_t)ticket

typedef struct clinux_ring *_Nonnull clinux_ring_ref;
typedef struct clinux_ticket *_Nonnull clinux_ticket_ref;

static inline void clinux_queue_nop(clinux_ring_ref r, clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_nop);
}

static inline void clinux_queue_read(clinux_ring_ref r, int fd, void *_Nonnull buffer,
                                     uint32_t length, uint64_t offset, clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_read, fd, buffer, length, offset);
}

static inline void clinux_queue_write(clinux_ring_ref r, int fd, const void *_Nonnull buffer,
                                      uint32_t length, uint64_t offset, int flags,
                                      clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_write, fd, buffer, length, offset);
    sqe->rw_flags = flags;
}

static inline void clinux_queue_readv(clinux_ring_ref r, int fd,
                                      const struct iovec *_Nonnull vectors, uint32_t count,
                                      uint64_t offset, clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_readv, fd, vectors, count, offset);
}

static inline void clinux_queue_writev(clinux_ring_ref r, int fd,
                                       const struct iovec *_Nonnull vectors, uint32_t count,
                                       uint64_t offset, int flags, clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_writev, fd, vectors, count, offset);
    sqe->rw_flags = flags;
}

static inline void clinux_queue_fsync(clinux_ring_ref r, int fd, int data_only,
                                      clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_fsync, fd, data_only ? IORING_FSYNC_DATASYNC : 0);
}

static inline void clinux_queue_fallocate(clinux_ring_ref r, int fd, int mode, uint64_t offset,
                                          uint64_t length, clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_fallocate, fd, mode, (off_t)offset, (off_t)length);
}

static inline void clinux_queue_recv(clinux_ring_ref r, int fd, void *_Nonnull buffer,
                                     size_t length, int flags, clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_recv, fd, buffer, length, flags);
}

static inline void clinux_queue_send(clinux_ring_ref r, int fd, const void *_Nonnull buffer,
                                     size_t length, int flags, clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_send, fd, buffer, length, flags);
}

static inline void clinux_queue_sendmsg(clinux_ring_ref r, int fd,
                                        const struct msghdr *_Nonnull message, uint32_t flags,
                                        clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_sendmsg, fd, message, flags);
}

/* The accepted descriptor has close-on-exec and does not block. */
static inline void clinux_queue_accept(clinux_ring_ref r, int fd, clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_accept, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static inline void clinux_queue_poll(clinux_ring_ref r, int fd, uint32_t events,
                                     clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_poll_add, fd, events);
}

static inline void clinux_queue_splice(clinux_ring_ref r, int in, int64_t in_offset, int out,
                                       int64_t out_offset, uint32_t length, uint32_t flags,
                                       clinux_ticket_ref ticket)
{
    CLINUX_QUEUE(io_uring_prep_splice, in, in_offset, out, out_offset, length, flags);
}

/* Cancels the operation of `target`; its ticket gets -ECANCELED, or its result when it is late. */
static inline void clinux_queue_cancel(clinux_ring_ref r, clinux_ticket_ref target)
{
    struct clinux_ticket *ticket = NULL;
    CLINUX_QUEUE(io_uring_prep_cancel64, (uint64_t)(uintptr_t)target, 0);
}

/* Cancels everything that is pending (kernel 5.19; older ones refuse, which nobody notices). */
static inline void clinux_queue_cancel_all(clinux_ring_ref r)
{
    struct clinux_ticket *ticket = NULL;
    CLINUX_QUEUE(io_uring_prep_cancel64, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
}

#undef CLINUX_QUEUE
#endif
