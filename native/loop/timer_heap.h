// The armed timers: a heap with four children a node, ordered by deadline and, among equal ones, by the order of
// arming. One timer per sink slot; a position for each slot makes disarming O(log n) and real: nothing
// cancelled stays behind, so the heap is never larger than the number of live timers.
// Memory: 24 bytes a timer and 4 bytes for each slot below the highest one ever armed.
// It reads no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/instant.h"

namespace readyloop::loop {

struct Timer {
  base::Instant deadline;
  std::uint64_t sequence = 0;
  std::uint32_t slot = 0;
  std::int32_t word = 0;
};
static_assert(sizeof(Timer) == 24, "a million timers are 24 MB, not more");

// Slots are below this, so that a number which is no slot (-1, say) cannot ask for gigabytes of positions.
inline constexpr std::uint32_t kSlotLimit = std::uint32_t{1} << 26;

class TimerHeap final {
 public:
  // `slot` is below kSlotLimit. Arming an armed slot moves its timer, behind the others of the new deadline.
  void arm(std::uint32_t slot, std::int32_t word, base::Instant deadline) noexcept;

  // False: the slot was not armed.
  bool disarm(std::uint32_t slot) noexcept;

  [[nodiscard]] std::optional<base::Instant> next_deadline() const noexcept;

  // Removes and returns the first timer if its deadline is not after `now`.
  [[nodiscard]] std::optional<Timer> take_due(base::Instant now) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  void remove_at(std::size_t position) noexcept;
  void place(std::size_t position, const Timer& timer) noexcept;
  void settle(std::size_t position, const Timer& timer) noexcept;
  void sift_up(std::size_t position, const Timer& timer) noexcept;
  void sift_down(std::size_t position, const Timer& timer) noexcept;

  std::vector<Timer> entries_;
  // Invariant: entries_[positions_[slot]].slot == slot for an armed slot, kNowhere for any other.
  std::vector<std::uint32_t> positions_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace readyloop::loop
