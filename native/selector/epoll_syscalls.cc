// The real system calls of the epoll backend. They hand errno through and decide nothing.
#include "selector/epoll_syscalls.h"

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

// The number is the same on every architecture. The C library has a wrapper from glibc 2.35 on and the kernel
// headers a name from 5.11 on; our binaries are built against older ones.
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

namespace readyloop::selector {

const EpollSyscalls READYLOOP_REAL(kEpollSyscalls) = {
    []() noexcept -> int { return ::epoll_create1(EPOLL_CLOEXEC); },
    [](int epoll, int operation, int fd, epoll_event* event) noexcept -> int {
      return ::epoll_ctl(epoll, operation, fd, event);
    },
    [](int epoll, epoll_event* events, int capacity, int timeout_ms) noexcept -> int {
      return ::epoll_wait(epoll, events, capacity, timeout_ms);
    },
    [](int epoll, epoll_event* events, int capacity, const KernelTimespec* timeout) noexcept -> int {
      return static_cast<int>(::syscall(SYS_epoll_pwait2, epoll, events, capacity, timeout, nullptr, 0));
    },
    []() noexcept -> int { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); },
};

}  // namespace readyloop::selector
