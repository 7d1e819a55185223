/*
 * What Swift cannot import by itself: inline functions of liburing, variadic system calls, and
 * macros. Every function returns its result or the negative error number and leaves `errno` alone.
 */
#ifndef CLINUX_H
#define CLINUX_H

#include "clinux_ring.h"
#include "clinux_file.h"
#include "clinux_socket.h"
#include "clinux_thread.h"

#endif
