// The system calls of the kqueue backend, as a table that a test can replace: on Linux the backend's logic runs
// against a scripted kernel. What it holds returns -1 and leaves errno.
#pragma once

#include <sys/types.h>
// After sys/types.h, because some systems' event.h uses its names without including it.
#include <sys/event.h>
#include <sys/time.h>

namespace readyloop::selector {

struct KqueueSyscalls {
  // Opens a queue that is not inherited by a program that is executed.
  int (*open)() noexcept;
  int (*kevent)(int queue, const struct kevent* changes, int change_count, struct kevent* events, int event_count,
                const timespec* timeout) noexcept;
};

extern const KqueueSyscalls kKqueueSyscalls;

}  // namespace readyloop::selector
