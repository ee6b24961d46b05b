// The system calls of the epoll backend, as a table that a test can replace. As with base::Syscalls, the table is
// constant in a program, and what it holds returns -1 and leaves errno.
#pragma once

#include <sys/epoll.h>

#include <ctime>

#include "base/seam.h"

namespace readyloop::selector {

struct EpollSyscalls {
  int (*create)() noexcept;
  int (*ctl)(int epoll, int operation, int fd, epoll_event* event) noexcept;
  int (*wait)(int epoll, epoll_event* events, int capacity, int timeout_ms) noexcept;
  // As wait, with a timeout in nanoseconds: Linux 5.11 and later.
  int (*wait_ns)(int epoll, epoll_event* events, int capacity, const timespec* timeout) noexcept;
  // What wakes it.
  int (*create_event)() noexcept;
};

extern const EpollSyscalls kEpollSyscalls;
extern const EpollSyscalls READYLOOP_REAL(kEpollSyscalls);  // see base/seam.h

}  // namespace readyloop::selector
