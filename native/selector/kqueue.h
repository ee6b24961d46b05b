// The kqueue backend (macOS). The kernel knows a filter for each direction of a descriptor; we know registrations, so
// this class turns one into up to two filters, and the up to two events of a batch back into one.
//
// Invariant: registrations_[fd] says which filters were added for the present registration. The kernel drops filters
// when their descriptor is closed; so a change that names one without adding it fails with ENOENT, and that is how a
// reused number is found out.
// One-shot is EV_DISPATCH, which silences a filter and keeps it, and not EV_ONESHOT, which deletes it and would leave
// nothing to find a reused number out by.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "selector/kqueue_syscalls.h"
#include "selector/selector.h"

namespace readyloop::selector {

class KqueueSelector final : public Selector {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<Selector>> open(const KqueueSyscalls& syscalls) noexcept;

  [[nodiscard]] std::string_view name() const noexcept override { return "kqueue"; }
  [[nodiscard]] int descriptor() const noexcept override { return queue_.get(); }
  base::Status register_fd(int fd, base::Token token, Interest interest) noexcept override;
  base::Status modify_fd(int fd, base::Token token, Interest interest) noexcept override;
  base::Status deregister_fd(int fd) noexcept override;
  base::Status select(base::Duration wait, std::vector<Event>& ready) noexcept override;

 private:
  // One select collects at most this many events.
  static constexpr int kCapacity = 1024;

  struct Registration {
    base::Token token;
    bool has_read = false;
    bool has_write = false;
    // Where the events of this descriptor are merged: an index that is valid in one batch.
    std::uint64_t batch = 0;
    std::size_t position = 0;
    bool at_eof = false;
  };

  KqueueSelector(base::Fd queue, const KqueueSyscalls& syscalls) noexcept;

  [[nodiscard]] Registration* find(int fd) noexcept;
  base::Status apply(const struct kevent* changes, int count) noexcept;
  void collect(const struct kevent& event, std::vector<Event>& ready) noexcept;

  base::Fd queue_;
  const KqueueSyscalls& syscalls_;
  std::vector<Registration> registrations_;
  std::uint64_t batch_ = 0;
  std::array<struct kevent, kCapacity> buffer_;
};

}  // namespace readyloop::selector
