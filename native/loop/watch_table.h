// The watches of a loop by descriptor number: what watch(), unwatch() and forget() of the loop do.
// After its last report a watch stays registered and disarmed, because the next wait on the same descriptor is likely
// and then costs no allocation and no new token; it goes with forget(), or when the number turns out to be reused.
//
// Invariant: a token belongs to one use of a number. When the kernel says that a number was closed and reused, the old
// watch is retired and a new one, with a new token, takes its place; so an event of the old file finds nobody.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "base/syscalls.h"
#include "base/token.h"
#include "loop/fd_watch.h"
#include "loop/registry.h"

namespace readyloop::loop {

class WatchTable final {
 public:
  WatchTable(Registry& registry, ReadyQueue& queue, const base::Syscalls& syscalls) noexcept;
  WatchTable(const WatchTable&) = delete;
  WatchTable& operator=(const WatchTable&) = delete;
  ~WatchTable() = default;

  // One watch per descriptor and direction; a second one replaces the first, without a report to it.
  base::Status watch(int fd, Direction direction, std::uint32_t slot, std::int32_t word, Repeat repeat) noexcept;

  // False: there was none.
  bool unwatch(int fd, Direction direction) noexcept;

  // Both directions, without a report. The owner calls it before it closes the descriptor.
  void forget(int fd) noexcept;

  // See Loop::rearm_watches.
  void rearm() noexcept;

  // Directions that wait for a report.
  [[nodiscard]] std::uint32_t watched() const noexcept { return ledger_.watched; }

 private:
  [[nodiscard]] FdWatch* find(int fd) noexcept;
  [[nodiscard]] base::Status check_pollable(int fd) const noexcept;
  base::Status start(int fd, Direction direction, std::uint32_t slot, std::int32_t word, Repeat repeat) noexcept;
  base::Status report_broken(int fd, std::uint32_t slot, std::int32_t word) noexcept;
  void arm(int fd, FdWatch& watch) noexcept;
  void retire(int fd) noexcept;

  Registry& registry_;
  const base::Syscalls& syscalls_;
  WatchLedger ledger_;
  // By descriptor; kNoToken where there is no watch.
  std::vector<base::Token> tokens_;
};

}  // namespace readyloop::loop
