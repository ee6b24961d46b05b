// The real system calls of the kqueue backend. They hand errno through and decide nothing.
#include "selector/kqueue_syscalls.h"

#include <fcntl.h>

#include <cerrno>

#include "base/fd.h"

namespace readyloop::selector {

namespace {

// A child does not inherit a queue at fork(), but a program executed without a fork does.
int open_queue() noexcept {
  const int queue = ::kqueue();
  if (queue < 0 || ::fcntl(queue, F_SETFD, FD_CLOEXEC) == 0) return queue;
  const int error = errno;
  base::close_raw(queue);
  errno = error;
  return -1;
}

}  // namespace

const KqueueSyscalls kKqueueSyscalls = {
    open_queue,
    [](int queue, const struct kevent* changes, int change_count, struct kevent* events, int event_count,
       const timespec* timeout) noexcept -> int {
      return ::kevent(queue, changes, change_count, events, event_count, timeout);
    },
};

}  // namespace readyloop::selector
