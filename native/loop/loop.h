// One event loop without its callbacks: a selector, the sources, the timers, and the ready queue that they all
// append to. run_once() is one turn's native half, step by step; TypeScript drains the records afterwards.
//
// Invariant: everything but wake() runs on one thread, and no turn runs inside a turn.
// The loop calls nobody above it: who blocks, who drains and who keeps the process alive is the driver's business.
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/syscalls.h"
#include "loop/ready_queue.h"
#include "loop/ready_ring.h"
#include "loop/registry.h"
#include "loop/timer_heap.h"
#include "loop/watch_table.h"
#include "selector/selector.h"
#include "selector/waker.h"

namespace readyloop::loop {

// No wait is longer, whatever the deadlines are: a lost wake-up or a stepped clock heals within a day.
inline constexpr base::Duration kLongestWait = std::chrono::hours(24);

class Loop final {
 public:
  // The ring's memory, the clock and the table of calls outlive the loop. Fails when the waker cannot be attached.
  [[nodiscard]] static base::Result<std::unique_ptr<Loop>> create(
      std::unique_ptr<selector::Selector> selector, std::unique_ptr<selector::Waker> waker, ReadyRing ring,
      base::Clock& clock, const base::Syscalls& syscalls = base::kSyscalls) noexcept;

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() = default;

  // Timers, one per slot. Arming an armed slot moves its timer; equal deadlines fire in the order of arming.
  // Also writes the deadline into the header (kDeadlineFloatIndex).
  void arm(std::uint32_t slot, std::int32_t word, base::Instant deadline) noexcept;
  bool disarm(std::uint32_t slot) noexcept;
  [[nodiscard]] std::optional<base::Instant> next_deadline() const noexcept { return timers_.next_deadline(); }

  // Interest in a descriptor that somebody else owns; see WatchTable for the details.
  // EBADF: closed; EPERM: a regular file or a directory, which is always ready; EBUSY: a transport's own.
  base::Status watch(int fd, Direction direction, std::uint32_t slot, std::int32_t word, Repeat repeat) noexcept;
  bool unwatch(int fd, Direction direction) noexcept;
  void forget(int fd) noexcept;

  // Arms again the watches that fired in the last turn and still want to know. run_once() begins with this step. A
  // driver that lets somebody else block on descriptor() (or on the snapshot) must take it before each block, and then
  // look at has_records(): a watch whose descriptor is gone reports that here.
  void rearm_watches() noexcept;

  // One turn: select, sources, timers. Blocks until something happens, never longer than `max_wait`; returns the number
  // of records appended. EBUSY: called from inside itself.
  [[nodiscard]] base::Result<std::uint32_t> run_once(std::optional<base::Duration> max_wait) noexcept;

  // What sends the bytes that the turn's records have written. A driver calls flush() after each drain, and before it
  // lets somebody else block, when plain code may have written; it may append records.
  struct Flush {
    void (*call)(void* receiver) noexcept;
    void* receiver;
  };
  void set_flush(Flush flush) noexcept { flush_ = flush; }
  void flush() noexcept {
    if (flush_.call != nullptr) flush_.call(flush_.receiver);
  }

  // Whether a record waits in the ring or in an overflow, so that blocking would be wrong.
  [[nodiscard]] bool has_records() const noexcept { return queue_.has_records(); }

  // The native overflow: take_overflow() writes kRecordWords words a record, oldest first, and empties it.
  [[nodiscard]] std::size_t overflow_size() const noexcept { return queue_.overflow_size(); }
  void take_overflow(std::int32_t* out_words) noexcept { queue_.take_overflow(out_words); }

  // Any thread, also from a signal handler: ends the select in progress, or else the next one.
  void wake() noexcept { waker_->wake(); }

  // The selector's own pollable descriptor, or -1: then append_pollfds() says what to wait for instead.
  [[nodiscard]] int descriptor() const noexcept { return selector_->descriptor(); }
  void append_pollfds(std::vector<pollfd>& out) const { selector_->append_pollfds(out); }
  [[nodiscard]] std::uint64_t pollfds_revision() const noexcept { return selector_->pollfds_revision(); }
  [[nodiscard]] std::string_view selector_name() const noexcept { return selector_->name(); }

  // For sources that own their descriptors (transports), and what they append to.
  [[nodiscard]] Registry& registry() noexcept { return registry_; }
  [[nodiscard]] ReadyQueue& queue() noexcept { return queue_; }

 private:
  Loop(std::unique_ptr<selector::Selector> selector, std::unique_ptr<selector::Waker> waker, ReadyRing ring,
       base::Clock& clock, const base::Syscalls& syscalls) noexcept;

  // The steps of run_once, in this order; rearm_watches() comes second, Registry::release_closed() last.
  void count_turn() noexcept;
  [[nodiscard]] base::Duration compute_wait(std::optional<base::Duration> max_wait) noexcept;
  [[nodiscard]] base::Instant read_clock() noexcept;
  void dispatch() noexcept;
  void append_due_timers(base::Instant now) noexcept;

  void publish_counts() noexcept;

  // The waker is destroyed before the selector that it is attached to, and the registry before both.
  std::unique_ptr<selector::Selector> selector_;
  std::unique_ptr<selector::Waker> waker_;
  base::Clock& clock_;
  ReadyQueue queue_;
  Registry registry_;
  WatchTable watches_;
  TimerHeap timers_;
  std::vector<selector::Event> events_;
  Flush flush_{nullptr, nullptr};
  bool running_ = false;
};

}  // namespace readyloop::loop
