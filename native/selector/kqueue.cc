// The kqueue backend: from interest to filters and back. See kqueue.h.
#include "selector/kqueue.h"

#include <cerrno>
#include <utility>

#include "selector/backends.h"
#include "selector/kqueue_change.h"
#include "selector/timeout.h"

namespace readyloop::selector {

namespace {

constexpr int kFilters = 2;

// At most one change for each direction.
struct Changes {
  std::array<struct kevent, kFilters> list;
  int count = 0;

  void add(const struct kevent& change) noexcept { list[static_cast<std::size_t>(count++)] = change; }
};

constexpr int mode_flags(Mode mode) noexcept { return mode == Mode::kOneShot ? EV_DISPATCH : 0; }

constexpr std::uint8_t direction_bit(int filter) noexcept { return filter == EVFILT_READ ? kReadable : kWritable; }

}  // namespace

base::Result<std::unique_ptr<Selector>> KqueueSelector::open(const KqueueSyscalls& syscalls) noexcept {
  base::Fd queue(syscalls.open());
  if (!queue.valid()) return base::Status::from_errno("kqueue");
  return std::unique_ptr<Selector>(new KqueueSelector(std::move(queue), syscalls));
}

KqueueSelector::KqueueSelector(base::Fd queue, const KqueueSyscalls& syscalls) noexcept
    : queue_(std::move(queue)), syscalls_(syscalls), buffer_() {}

KqueueSelector::Registration* KqueueSelector::find(int fd) noexcept {
  const auto index = static_cast<std::size_t>(fd);
  return fd >= 0 && index < registrations_.size() ? &registrations_[index] : nullptr;
}

// Applies all changes, also those after one that fails, and returns the first failure.
base::Status KqueueSelector::apply(const struct kevent* changes, int count) noexcept {
  // Without changes the call would be a wait. (kqueue_test: "an empty interest asks the kernel for nothing")
  if (count == 0) return {};
  std::array<struct kevent, kFilters> receipts{};
  const int answered = syscalls_.kevent(queue_.get(), changes, count, receipts.data(), count, nullptr);
  // EINTR: the manual promises that the changes were applied; what is lost are the receipts.
  // (kqueue_test: "takes an interrupted change for applied")
  if (answered < 0) return errno == EINTR ? base::Status() : base::Status::from_errno("kevent");
  for (int i = 0; i < answered; ++i) {
    const int error = receipt_error(receipts[static_cast<std::size_t>(i)]);
    if (error != 0) return base::Status(error, "kevent");
  }
  return {};
}

// EPIPE is not ignored: macOS refuses the write filter of a pipe that nobody can read any more, and will report nothing
// later; whoever registers must be told now. (kqueue_test: "passes EPIPE on and leaves nothing behind")
base::Status KqueueSelector::register_fd(int fd, base::Token token, Interest interest) noexcept {
  if (fd < 0) return base::Status(EBADF, "kevent");
  if (interest.mode == Mode::kEdge) return base::Status(ENOTSUP, "kevent");
  const base::Status forgotten = deregister_fd(fd);
  if (!forgotten.ok()) return forgotten;
  const auto index = static_cast<std::size_t>(fd);
  if (index >= registrations_.size()) registrations_.resize(index + 1);
  Registration& registration = registrations_[index];
  registration = Registration{};
  registration.token = token;
  registration.has_read = interest.readable;
  registration.has_write = interest.writable;

  Changes changes{};
  const int flags = EV_ADD | mode_flags(interest.mode);
  if (interest.readable) changes.add(make_change(index, EVFILT_READ, flags, token));
  if (interest.writable) changes.add(make_change(index, EVFILT_WRITE, flags, token));
  const base::Status applied = apply(changes.list.data(), changes.count);
  if (applied.ok()) return {};
  // One direction may have been accepted; left behind, it would report under a token that nobody has.
  static_cast<void>(deregister_fd(fd));
  return applied;
}

// Only a direction that is new to the registration is added; one that exists is enabled, and one that is not wanted any
// more deleted. Both of these fail with ENOENT if the descriptor was closed since.
base::Status KqueueSelector::modify_fd(int fd, base::Token token, Interest interest) noexcept {
  Registration* registration = find(fd);
  if (registration == nullptr || registration->token != token) return base::Status(ENOENT, "kevent");
  const auto ident = static_cast<std::uintptr_t>(fd);
  const int mode = mode_flags(interest.mode);
  const auto change = [&](int filter, bool wanted, bool& has, Changes& changes) {
    if (!wanted && !has) return;
    const int action = !wanted ? EV_DELETE : (has ? EV_ENABLE : EV_ADD) | mode;
    changes.add(make_change(ident, filter, action, token));
    has = wanted;
  };
  Changes changes{};
  change(EVFILT_READ, interest.readable, registration->has_read, changes);
  change(EVFILT_WRITE, interest.writable, registration->has_write, changes);
  const base::Status applied = apply(changes.list.data(), changes.count);
  // Only a write filter that was to be added is refused like this (see register_fd); it does not exist.
  if (applied.error() == EPIPE) registration->has_write = false;
  return applied;
}

base::Status KqueueSelector::deregister_fd(int fd) noexcept {
  Registration* registration = find(fd);
  if (registration == nullptr) return {};
  const auto ident = static_cast<std::uintptr_t>(fd);
  const Registration old = std::exchange(*registration, Registration{});
  base::Status failure;
  const auto remove = [&](int filter) {
    const struct kevent change = make_change(ident, filter, EV_DELETE, old.token);
    const base::Status removed = apply(&change, 1);
    // EBADF: the descriptor is closed; ENOENT: and its number is in use again. The kernel dropped the filter already.
    // (kqueue_test: "deregistering a closed descriptor is no error")
    if (!removed.ok() && removed.error() != EBADF && removed.error() != ENOENT) failure = removed;
  };
  if (old.has_read) remove(EVFILT_READ);
  if (old.has_write) remove(EVFILT_WRITE);
  return failure;
}

// EV_EOF means that this direction is finished: the peer will send no more, or will take no more, or we shut it down
// ourselves. Only both directions together are a hang-up as epoll has it, which wakes the other direction too; a peer
// that merely finished sending must not wake the writer. An error wakes both.
// (kqueue_test: "a half-closed peer is no hang-up")
void KqueueSelector::collect(const struct kevent& event, std::vector<Event>& ready) noexcept {
  const base::Token token = to_token(event.udata);
  if (event.filter == EVFILT_USER) {
    ready.push_back(Event{token, Readiness{kReadable}});
    return;
  }
  std::uint8_t bits = direction_bit(event.filter);
  const bool at_eof = (event.flags & EV_EOF) != 0;
  if (at_eof && event.fflags != 0) bits |= kError;

  Registration* registration = find(static_cast<int>(event.ident));
  const bool is_ours = registration != nullptr && registration->token == token;
  if (is_ours && registration->batch == batch_) {
    Readiness& readiness = ready[registration->position].readiness;
    if (at_eof && registration->at_eof) bits |= kHangup;
    readiness.bits = static_cast<std::uint8_t>(readiness.bits | bits);
    return;
  }
  if (is_ours) {
    registration->batch = batch_;
    registration->position = ready.size();
    registration->at_eof = at_eof;
  }
  ready.push_back(Event{token, Readiness{bits}});
}

base::Status KqueueSelector::select(base::Duration wait, std::vector<Event>& ready) noexcept {
  ready.clear();
  ++batch_;
  const timespec timeout = to_timespec(wait);
  const int count = syscalls_.kevent(queue_.get(), nullptr, 0, buffer_.data(), kCapacity, &timeout);
  if (count < 0) return errno == EINTR ? base::Status() : base::Status::from_errno("kevent");
  for (int i = 0; i < count; ++i) collect(buffer_[static_cast<std::size_t>(i)], ready);
  return {};
}

base::Result<std::unique_ptr<Selector>> open_kqueue() noexcept { return KqueueSelector::open(kKqueueSyscalls); }

}  // namespace readyloop::selector
