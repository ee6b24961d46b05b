// The waker of Linux: one eventfd, half the descriptors of a pipe. How it wakes is in FdWaker; this file only opens it.
#include "selector/backends.h"
#include "selector/epoll_syscalls.h"
#include "selector/waker_fd.h"

namespace readyloop::selector {

base::Result<std::unique_ptr<Waker>> open_eventfd_waker(const Selector& /*selector*/) noexcept {
  base::Fd event(kEpollSyscalls.create_event());
  if (!event.valid()) return base::Status::from_errno("eventfd");
  return std::unique_ptr<Waker>(new FdWaker(std::move(event), base::Fd(), base::kSyscalls));
}

}  // namespace readyloop::selector
