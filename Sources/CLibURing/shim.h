#pragma once
/* liburing.h defines _XOPEN_SOURCE, which changes fd_set: these come first. */
#include <sys/types.h>
#include <sys/select.h>
#include <signal.h>
#include <liburing.h>
