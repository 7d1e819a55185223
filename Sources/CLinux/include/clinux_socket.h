/* Sockets, pipes and event descriptors. All return a result or -errno. */
#ifndef CLINUX_SOCKET_H
#define CLINUX_SOCKET_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

static const uint32_t CLINUX_SPLICE_MOVE = 1;
static const uint32_t CLINUX_SPLICE_NONBLOCK = 2;
static const uint32_t CLINUX_SPLICE_MORE = 4;

static const int32_t CLINUX_MSG_DONTWAIT = 0x40;
static const int32_t CLINUX_MSG_NOSIGNAL = 0x4000;
static const int32_t CLINUX_MSG_MORE = 0x8000;
static const int32_t CLINUX_MSG_WAITALL = 0x100;

static const uint32_t CLINUX_POLL_IN = 1;
static const uint32_t CLINUX_POLL_OUT = 4;
static const uint32_t CLINUX_POLL_HANGUP = 0x10;
static const uint32_t CLINUX_POLL_PEER_HANGUP = 0x2000;

/* These never wait (-EAGAIN) and never raise SIGPIPE (-EPIPE). */
ssize_t clinux_recv_nowait(int fd, void *_Nonnull buffer, size_t length);
/* The bytes stay in the socket. */
ssize_t clinux_peek_nowait(int fd, void *_Nonnull buffer, size_t length);
ssize_t clinux_send_nowait(int fd, const void *_Nonnull buffer, size_t length, int flags);
ssize_t clinux_sendmsg_nowait(int fd, const struct msghdr *_Nonnull message, int flags);
ssize_t clinux_writev_nowait(int fd, const struct iovec *_Nonnull vectors, uint32_t count,
                             int flags);
int clinux_accept(int fd);
int clinux_shutdown(int fd);

/* splice; an offset of -1 means none (a pipe or a socket). */
ssize_t clinux_splice(int in, int64_t in_offset, int out, int64_t out_offset, size_t length,
                      uint32_t flags);
/* A pipe with close-on-exec that does not block; ends[0] is read, ends[1] is written. */
int clinux_pipe(int ends[_Nonnull 2]);
/* Capacity in bytes after the call; the kernel rounds up, /proc/sys/fs/pipe-max-size limits it. */
int clinux_pipe_resize(int fd, int bytes);

int clinux_set_nonblocking(int fd);
int clinux_set_no_delay(int fd);
int clinux_set_keep_alive(int fd);
/* A connection whose peer's host acknowledges nothing for so long ends with ETIMEDOUT. */
int clinux_set_peer_timeout(int fd, int seconds);

/* An event descriptor with close-on-exec; reading it waits. */
int clinux_eventfd(void);
int clinux_eventfd_signal(int fd);
/* Waits until it was signalled and takes the count. */
int clinux_eventfd_wait(int fd);

#endif
