// The epoll backend: translation between our words and the kernel's, and the few answers of the kernel that are not
// failures for us. See epoll.h.
#include "selector/epoll.h"

#include <cerrno>
#include <utility>

#include "selector/backends.h"
#include "selector/timeout.h"

namespace readyloop::selector {

namespace {

std::uint32_t to_epoll_events(Interest interest) noexcept {
  std::uint32_t events = 0;
  if (interest.readable) events |= EPOLLIN;
  if (interest.writable) events |= EPOLLOUT;
  if (interest.mode == Mode::kOneShot) events |= EPOLLONESHOT;
  if (interest.mode == Mode::kEdge) events |= EPOLLET;
  return events;
}

Readiness to_readiness(std::uint32_t events) noexcept {
  std::uint8_t bits = 0;
  if ((events & EPOLLIN) != 0) bits |= kReadable;
  if ((events & EPOLLOUT) != 0) bits |= kWritable;
  if ((events & EPOLLHUP) != 0) bits |= kHangup;
  if ((events & EPOLLERR) != 0) bits |= kError;
  return Readiness{bits};
}

}  // namespace

base::Result<std::unique_ptr<Selector>> EpollSelector::open(const EpollSyscalls& syscalls) noexcept {
  base::Fd epoll(syscalls.create());
  if (!epoll.valid()) return base::Status::from_errno("epoll_create1");
  return std::unique_ptr<Selector>(new EpollSelector(std::move(epoll), syscalls));
}

EpollSelector::EpollSelector(base::Fd epoll, const EpollSyscalls& syscalls) noexcept
    : epoll_(std::move(epoll)), syscalls_(syscalls), buffer_() {}

int EpollSelector::control(int operation, int fd, base::Token token, Interest interest) noexcept {
  epoll_event event{};
  event.events = to_epoll_events(interest);
  event.data.u64 = token.bits();
  return syscalls_.ctl(epoll_.get(), operation, fd, &event);
}

base::Status EpollSelector::register_fd(int fd, base::Token token, Interest interest) noexcept {
  if (control(EPOLL_CTL_ADD, fd, token, interest) == 0) return {};
  // EEXIST: this very file was registered under this number before and was not removed, for example after dup2()
  // brought it back. The new token takes the registration over. (epoll_test: "replaces a registration…")
  if (errno == EEXIST && control(EPOLL_CTL_MOD, fd, token, interest) == 0) return {};
  return base::Status::from_errno("epoll_ctl");
}

base::Status EpollSelector::modify_fd(int fd, base::Token token, Interest interest) noexcept {
  if (control(EPOLL_CTL_MOD, fd, token, interest) == 0) return {};
  return base::Status::from_errno("epoll_ctl");
}

base::Status EpollSelector::deregister_fd(int fd) noexcept {
  // Kernels before 2.6.9 wanted an event here although they ignored it; passing one costs nothing.
  epoll_event unused{};
  if (syscalls_.ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &unused) == 0) return {};
  // EBADF: the descriptor is closed. ENOENT: its number is in use again; EPERM: by a regular file, which epoll looks at
  // first. The kernel dropped the registration when the file was closed, which is all that was asked for.
  // (epoll_test: "deregistering a closed descriptor…")
  if (errno == EBADF || errno == ENOENT || errno == EPERM) return {};
  return base::Status::from_errno("epoll_ctl");
}

int EpollSelector::wait_for_events(base::Duration wait) noexcept {
  if (wait > base::Duration::zero() && has_wait_ns_) {
    const KernelTimespec timeout{to_whole_seconds<std::int64_t>(wait), (wait % std::chrono::seconds(1)).count()};
    const int count = syscalls_.wait_ns(epoll_.get(), buffer_.data(), kCapacity, &timeout);
    // ENOSYS: a kernel before 5.11. EPERM: a seccomp filter that does not know the call, as container runtimes of that
    // age have. Neither will change while we run. (epoll_test: "falls back to milliseconds…")
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    has_wait_ns_ = false;
  }
  return syscalls_.wait(epoll_.get(), buffer_.data(), kCapacity, to_milliseconds_rounded_up(wait));
}

base::Status EpollSelector::select(base::Duration wait, std::vector<Event>& ready) noexcept {
  ready.clear();
  const int count = wait_for_events(wait);
  if (count < 0) return errno == EINTR ? base::Status() : base::Status::from_errno("epoll_wait");
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = buffer_[static_cast<std::size_t>(i)];
    ready.push_back(Event{base::Token::from_bits(event.data.u64), to_readiness(event.events)});
  }
  return {};
}

base::Result<std::unique_ptr<Selector>> open_epoll() noexcept { return EpollSelector::open(kEpollSyscalls); }

}  // namespace readyloop::selector
