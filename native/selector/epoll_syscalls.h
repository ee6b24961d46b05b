// The system calls of the epoll backend, as a table that a test can replace. As with base::Syscalls, the table is
// constant in a program, and what it holds returns -1 and leaves errno.
#pragma once

#include <sys/epoll.h>

#include <cstdint>

#include "base/seam.h"

namespace readyloop::selector {

// A span of time as newer system calls read it: of 64 bits on every machine, where the C library's timespec may be of 32.
struct KernelTimespec {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};

struct EpollSyscalls {
  int (*create)() noexcept;
  int (*ctl)(int epoll, int operation, int fd, epoll_event* event) noexcept;
  int (*wait)(int epoll, epoll_event* events, int capacity, int timeout_ms) noexcept;
  // As wait, with a timeout in nanoseconds: Linux 5.11 and later.
  int (*wait_ns)(int epoll, epoll_event* events, int capacity, const KernelTimespec* timeout) noexcept;
  // What wakes it.
  int (*create_event)() noexcept;
};

extern const EpollSyscalls kEpollSyscalls;
extern const EpollSyscalls READYLOOP_REAL(kEpollSyscalls);  // see base/seam.h

}  // namespace readyloop::selector
