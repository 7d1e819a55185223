#define _GNU_SOURCE
#include "clinux_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define RESULT(call) ({ __typeof__(call) outcome = (call); outcome < 0 ? -errno : outcome; })

ssize_t clinux_recv_nowait(int fd, void *buffer, size_t length)
{
    return RESULT(recv(fd, buffer, length, MSG_DONTWAIT));
}

ssize_t clinux_peek_nowait(int fd, void *buffer, size_t length)
{
    return RESULT(recv(fd, buffer, length, MSG_PEEK | MSG_DONTWAIT));
}

ssize_t clinux_send_nowait(int fd, const void *buffer, size_t length, int flags)
{
    return RESULT(send(fd, buffer, length, flags | MSG_DONTWAIT | MSG_NOSIGNAL));
}

ssize_t clinux_sendmsg_nowait(int fd, const struct msghdr *message, int flags)
{
    return RESULT(sendmsg(fd, message, flags | MSG_DONTWAIT | MSG_NOSIGNAL));
}

ssize_t clinux_writev_nowait(int fd, const struct iovec *vectors, uint32_t count, int flags)
{
    struct msghdr message = { .msg_iov = (struct iovec *)vectors, .msg_iovlen = count };
    return clinux_sendmsg_nowait(fd, &message, flags);
}

int clinux_accept(int fd) { return RESULT(accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)); }
int clinux_shutdown(int fd) { return RESULT(shutdown(fd, SHUT_RDWR)); }

ssize_t clinux_splice(int in, int64_t in_offset, int out, int64_t out_offset, size_t length,
                      uint32_t flags)
{
    off64_t from = in_offset, to = out_offset;
    return RESULT(splice(in, in_offset < 0 ? NULL : &from, out, out_offset < 0 ? NULL : &to,
                         length, flags));
}

int clinux_pipe(int ends[2]) { return RESULT(pipe2(ends, O_CLOEXEC | O_NONBLOCK)); }
int clinux_pipe_resize(int fd, int bytes) { return RESULT(fcntl(fd, F_SETPIPE_SZ, bytes)); }

int clinux_set_nonblocking(int fd)
{
    int flags = RESULT(fcntl(fd, F_GETFL));
    return flags < 0 ? flags : RESULT(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

static int switch_on(int fd, int level, int option)
{
    int on = 1;
    return RESULT(setsockopt(fd, level, option, &on, sizeof(on)));
}

int clinux_set_no_delay(int fd) { return switch_on(fd, IPPROTO_TCP, TCP_NODELAY); }
int clinux_set_keep_alive(int fd) { return switch_on(fd, SOL_SOCKET, SO_KEEPALIVE); }

static int set_tcp(int fd, int option, int value)
{
    return RESULT(setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value)));
}

int clinux_set_peer_timeout(int fd, int seconds)
{
    int result = clinux_set_keep_alive(fd);
    /* Probes while nothing is under way, and a limit for what is. */
    if (result == 0)
        result = set_tcp(fd, TCP_KEEPIDLE, seconds / 3);
    if (result == 0)
        result = set_tcp(fd, TCP_KEEPINTVL, seconds / 3);
    if (result == 0)
        result = set_tcp(fd, TCP_USER_TIMEOUT, seconds * 1000);
    return result;
}

int clinux_eventfd(void) { return RESULT(eventfd(0, EFD_CLOEXEC)); }
int clinux_eventfd_signal(int fd) { return RESULT(eventfd_write(fd, 1)); }

int clinux_eventfd_wait(int fd)
{
    eventfd_t count;
    int result;
    do
        result = RESULT(eventfd_read(fd, &count));
    while (result == -EINTR);
    return result;
}
