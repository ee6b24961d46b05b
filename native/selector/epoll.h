// The epoll backend (Linux). Tokens travel in the kernel's 64 bits of user data, so an event of a registration that
// was made for an earlier use of a descriptor number names the earlier source.
//
// Invariant: the kernel holds the whole state; this class keeps no table of descriptors.
// epoll identifies a registration by (open file, number). A duplicate that outlives the number keeps it alive, and
// nothing can then remove it: that is why foreign descriptors are registered one-shot.
#pragma once

#include <array>

#include "base/fd.h"
#include "selector/epoll_syscalls.h"
#include "selector/selector.h"

namespace readyloop::selector {

class EpollSelector final : public Selector {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<Selector>> open(const EpollSyscalls& syscalls) noexcept;

  [[nodiscard]] std::string_view name() const noexcept override { return "epoll"; }
  [[nodiscard]] int descriptor() const noexcept override { return epoll_.get(); }
  base::Status register_fd(int fd, base::Token token, Interest interest) noexcept override;
  base::Status modify_fd(int fd, base::Token token, Interest interest) noexcept override;
  base::Status deregister_fd(int fd) noexcept override;
  base::Status select(base::Duration wait, std::vector<Event>& ready) noexcept override;

 private:
  // One select reports at most this many; the kernel rotates, so the others come first in the next.
  static constexpr int kCapacity = 1024;

  EpollSelector(base::Fd epoll, const EpollSyscalls& syscalls) noexcept;

  [[nodiscard]] int control(int operation, int fd, base::Token token, Interest interest) noexcept;
  [[nodiscard]] int wait_for_events(base::Duration wait) noexcept;

  base::Fd epoll_;
  const EpollSyscalls& syscalls_;
  bool has_wait_ns_ = true;
  std::array<epoll_event, kCapacity> buffer_;
};

}  // namespace readyloop::selector
