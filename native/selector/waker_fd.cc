// Waking through descriptors. See waker_fd.h for why nothing is lost.
#include "selector/waker_fd.h"

#include <cassert>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace readyloop::selector {

FdWaker::FdWaker(base::Fd reader, base::Fd writer, const base::Syscalls& syscalls) noexcept
    : reader_(std::move(reader)), writer_(std::move(writer)), syscalls_(syscalls) {}

base::Status FdWaker::attach(Selector& selector, base::Token token) noexcept {
  return selector.register_fd(reader_.get(), token, Interest{true, false, Mode::kLevel});
}

void FdWaker::wake() noexcept {
  if (pending_.exchange(true, std::memory_order_acq_rel)) return;
  const int kept = errno;
  const int fd = writer_.valid() ? writer_.get() : reader_.get();
  const std::uint64_t one = 1;  // eventfd takes nothing but eight bytes; a pipe does not care
  ssize_t written = 0;
  do {
    written = syscalls_.write(fd, &one, sizeof one);
  } while (written < 0 && errno == EINTR);
  // EAGAIN: the other end is readable already, which is what this call is for.
  assert((written >= 0 || errno == EAGAIN) && "both ends are ours and open");
  errno = kept;
}

// Reads before it lets wake() write again: in the other order it could read that write, and leave pending_ true with
// nothing to be read, so that no later wake() would write. (waker_test: "wakes again after each drain")
void FdWaker::drain() noexcept {
  std::uint64_t unread = 0;
  ssize_t count = 0;
  do {
    count = syscalls_.read(reader_.get(), &unread, sizeof unread);
  } while (count < 0 && errno == EINTR);
  // EAGAIN: nobody woke us; poll(2) and epoll may report a descriptor that is not ready.
  assert((count >= 0 || errno == EAGAIN) && "both ends are ours and open");
  pending_.exchange(false, std::memory_order_acq_rel);
}

}  // namespace readyloop::selector
