// A 4-ary heap: half as deep as a binary one, and the four children of a node lie in one or two cache lines, so a
// sift reads less memory. An entry is moved into a travelling hole rather than swapped.
#include "loop/timer_heap.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace readyloop::loop {

namespace {

constexpr std::size_t kArity = 4;
constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();

bool is_before(const Timer& left, const Timer& right) noexcept {
  if (left.deadline != right.deadline) return left.deadline < right.deadline;
  return left.sequence < right.sequence;
}

}  // namespace

void TimerHeap::place(std::size_t position, const Timer& timer) noexcept {
  entries_[position] = timer;
  positions_[timer.slot] = static_cast<std::uint32_t>(position);
}

// Moves the hole at `position` towards the root until `timer` fits, and puts it there.
void TimerHeap::sift_up(std::size_t position, const Timer& timer) noexcept {
  while (position > 0) {
    const std::size_t parent = (position - 1) / kArity;
    if (!is_before(timer, entries_[parent])) break;
    place(position, entries_[parent]);
    position = parent;
  }
  place(position, timer);
}

// Moves the hole at `position` towards the leaves until `timer` fits, and puts it there.
void TimerHeap::sift_down(std::size_t position, const Timer& timer) noexcept {
  for (;;) {
    const std::size_t first = position * kArity + 1;
    if (first >= entries_.size()) break;
    const auto children = entries_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto count = std::min(kArity, entries_.size() - first);
    const auto least = std::min_element(children, children + static_cast<std::ptrdiff_t>(count), is_before);
    if (!is_before(*least, timer)) break;
    const auto child = static_cast<std::size_t>(least - entries_.begin());
    place(position, entries_[child]);
    position = child;
  }
  place(position, timer);
}

void TimerHeap::settle(std::size_t position, const Timer& timer) noexcept {
  const bool rises = position > 0 && is_before(timer, entries_[(position - 1) / kArity]);
  if (rises) {
    sift_up(position, timer);
  } else {
    sift_down(position, timer);
  }
}

void TimerHeap::arm(std::uint32_t slot, std::int32_t word, base::Instant deadline) noexcept {
  assert(slot < kSlotLimit && "the caller has looked at what it was given");
  if (slot >= positions_.size()) positions_.resize(std::size_t{slot} + 1, kNowhere);
  const Timer timer{deadline, next_sequence_++, slot, word};
  if (positions_[slot] != kNowhere) {
    settle(positions_[slot], timer);
    return;
  }
  assert(entries_.size() < kNowhere && "positions are 32 bits");
  entries_.push_back(timer);
  sift_up(entries_.size() - 1, timer);
}

bool TimerHeap::disarm(std::uint32_t slot) noexcept {
  if (slot >= positions_.size() || positions_[slot] == kNowhere) return false;
  remove_at(positions_[slot]);
  return true;
}

// Fills the hole with the last entry.
void TimerHeap::remove_at(std::size_t position) noexcept {
  positions_[entries_[position].slot] = kNowhere;
  const Timer last = entries_.back();
  entries_.pop_back();
  if (position < entries_.size()) settle(position, last);
}

std::optional<base::Instant> TimerHeap::next_deadline() const noexcept {
  if (entries_.empty()) return std::nullopt;
  return entries_.front().deadline;
}

std::optional<Timer> TimerHeap::take_due(base::Instant now) noexcept {
  if (entries_.empty() || entries_.front().deadline > now) return std::nullopt;
  const Timer first = entries_.front();
  remove_at(0);
  return first;
}

}  // namespace readyloop::loop
