// The poll(2) backend: works everywhere and costs O(registered descriptors) for each select. One-shot is made here,
// by negating the number of a disarmed entry, which the system call skips.
//
// Invariant: positions_[fd] is the index of fd's entry in polled_ and in tokens_, or kNowhere.
// Limit: the call knows numbers, not files. A number that was closed and is in use again is reported under the old
// token until its owner registers anew; a number that is closed is reported once, as gone, and its entry is removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "selector/poll_wait.h"
#include "selector/selector.h"

namespace readyloop::selector {

class PollSelector final : public Selector {
 public:
  explicit PollSelector(const PollSyscalls& syscalls) noexcept : syscalls_(syscalls) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "poll"; }
  [[nodiscard]] int descriptor() const noexcept override { return -1; }
  base::Status register_fd(int fd, base::Token token, Interest interest) noexcept override;
  base::Status modify_fd(int fd, base::Token token, Interest interest) noexcept override;
  base::Status deregister_fd(int fd) noexcept override;
  base::Status select(base::Duration wait, std::vector<Event>& ready) noexcept override;
  void append_pollfds(std::vector<pollfd>& out) const override;
  [[nodiscard]] std::uint64_t pollfds_revision() const noexcept override { return revision_; }

 private:
  struct Registration {
    base::Token token;
    Mode mode = Mode::kOneShot;
  };

  [[nodiscard]] std::size_t position_of(int fd) const noexcept;
  void arm(std::size_t position, int fd, Interest interest) noexcept;
  void collect(std::size_t position, std::vector<Event>& ready) noexcept;
  void remove_gone(const std::vector<int>& gone) noexcept;

  const PollSyscalls& syscalls_;
  std::vector<pollfd> polled_;
  std::vector<Registration> registrations_;
  std::vector<std::size_t> positions_;
  std::uint64_t revision_ = 0;
};

}  // namespace readyloop::selector
