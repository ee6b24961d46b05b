// The poll(2) backend. See poll.h for what it cannot tell.
#include "selector/poll.h"

#include <cassert>
#include <cerrno>
#include <limits>

#include "selector/backends.h"

namespace readyloop::selector {

namespace {

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

// A negative number is skipped by the call and keeps which descriptor it stands for.
constexpr int disarmed(int fd) noexcept { return -1 - fd; }
constexpr int number_of(const pollfd& polled) noexcept { return polled.fd >= 0 ? polled.fd : disarmed(polled.fd); }
static_assert(disarmed(0) < 0 && disarmed(disarmed(0)) == 0);

Readiness to_readiness(int events) noexcept {
  if ((events & POLLNVAL) != 0) return Readiness{kHangup | kError | kGone};
  std::uint8_t bits = 0;
  if ((events & POLLIN) != 0) bits |= kReadable;
  if ((events & POLLOUT) != 0) bits |= kWritable;
  if ((events & POLLHUP) != 0) bits |= kHangup;
  if ((events & POLLERR) != 0) bits |= kError;
  return Readiness{bits};
}

}  // namespace

std::size_t PollSelector::position_of(int fd) const noexcept {
  const auto index = static_cast<std::size_t>(fd);
  return index < positions_.size() ? positions_[index] : kNowhere;
}

void PollSelector::arm(std::size_t position, int fd, Interest interest) noexcept {
  const int events = (interest.readable ? POLLIN : 0) | (interest.writable ? POLLOUT : 0);
  polled_[position].events = static_cast<short>(events);
  polled_[position].fd = fd;
  ++revision_;
}

base::Status PollSelector::register_fd(int fd, base::Token token, Interest interest) noexcept {
  if (fd < 0) return base::Status(EBADF, "poll");
  if (interest.mode == Mode::kEdge) return base::Status(ENOTSUP, "poll");
  std::size_t position = position_of(fd);
  if (position == kNowhere) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= positions_.size()) positions_.resize(index + 1, kNowhere);
    position = polled_.size();
    positions_[index] = position;
    polled_.push_back(pollfd{});
    registrations_.push_back(Registration{});
  }
  registrations_[position] = Registration{token, interest.mode};
  arm(position, fd, interest);
  return {};
}

base::Status PollSelector::modify_fd(int fd, base::Token token, Interest interest) noexcept {
  const std::size_t position = position_of(fd);
  if (position == kNowhere) return base::Status(ENOENT, "poll");
  assert(registrations_[position].token == token && "a registration keeps its token");
  static_cast<void>(token);
  arm(position, fd, interest);
  return {};
}

// Moves the last entry into the hole, so the order of entries means nothing.
base::Status PollSelector::deregister_fd(int fd) noexcept {
  const std::size_t position = position_of(fd);
  if (position == kNowhere) return {};
  polled_[position] = polled_.back();
  registrations_[position] = registrations_.back();
  positions_[static_cast<std::size_t>(number_of(polled_[position]))] = position;
  positions_[static_cast<std::size_t>(fd)] = kNowhere;
  polled_.pop_back();
  registrations_.pop_back();
  ++revision_;
  return {};
}

void PollSelector::collect(std::size_t position, std::vector<Event>& ready) noexcept {
  pollfd& polled = polled_[position];
  const Registration& registration = registrations_[position];
  ready.push_back(Event{registration.token, to_readiness(polled.revents)});
  if (registration.mode != Mode::kOneShot) return;
  polled.fd = disarmed(polled.fd);
  ++revision_;
}

// After the scan, because removing moves entries.
void PollSelector::remove_gone(const std::vector<int>& gone) noexcept {
  for (const int fd : gone) {
    const base::Status removed = deregister_fd(fd);
    assert(removed.ok() && "removing an entry of our own table cannot fail");
    static_cast<void>(removed);
  }
}

base::Status PollSelector::select(base::Duration wait, std::vector<Event>& ready) noexcept {
  ready.clear();
  const int count = syscalls_.wait(polled_.data(), static_cast<nfds_t>(polled_.size()), wait);
  if (count < 0) return errno == EINTR ? base::Status() : base::Status::from_errno("poll");
  std::vector<int> gone;
  auto left = static_cast<std::size_t>(count);
  for (std::size_t position = 0; left > 0 && position < polled_.size(); ++position) {
    const pollfd& polled = polled_[position];
    if (polled.fd < 0 || polled.revents == 0) continue;
    --left;
    if ((polled.revents & POLLNVAL) != 0) gone.push_back(polled.fd);
    collect(position, ready);
  }
  remove_gone(gone);
  return {};
}

void PollSelector::append_pollfds(std::vector<pollfd>& out) const {
  for (const pollfd& polled : polled_) {
    if (polled.fd >= 0) out.push_back(pollfd{polled.fd, polled.events, 0});
  }
}

base::Result<std::unique_ptr<Selector>> open_poll() noexcept {
  return std::unique_ptr<Selector>(new PollSelector(kPollSyscalls));
}

}  // namespace readyloop::selector
