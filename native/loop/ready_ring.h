// A view of the shared memory in which C++ and TypeScript queue records: a header of 16 words, then a power
// of two of records. The memory belongs to JavaScript and outlives the view. Both sides write it, never at the
// same time, because both run on the loop's thread.
//
// Invariant: whatever JavaScript leaves in the header, no access leaves the memory: the capacity is
// read and checked once, and positions are masked with it.
// This file knows nothing of overflow; that is ReadyQueue.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/instant.h"
#include "base/status.h"
#include "loop/record.h"

namespace readyloop::loop {

inline constexpr std::size_t kHeaderWords = 16;
inline constexpr std::size_t kRecordWords = 4;

// Positions of the header's words. The last two are indices of float64s (which are words 8 to 11).
inline constexpr std::size_t kHeadIndex = 0;            // records consumed (wraps); JavaScript writes
inline constexpr std::size_t kTailIndex = 1;            // records appended (wraps); both write
inline constexpr std::size_t kCapacityIndex = 2;        // constant; JavaScript writes it first of all
inline constexpr std::size_t kJsOverflowIndex = 3;      // records in TypeScript's overflow FIFO
inline constexpr std::size_t kNativeOverflowIndex = 4;  // records in ours
inline constexpr std::size_t kTimersIndex = 5;          // live timers
inline constexpr std::size_t kWatchesIndex = 6;         // watched directions
inline constexpr std::size_t kTurnsIndex = 7;           // calls of run_once (wraps)
inline constexpr std::size_t kTransportsIndex = 12;     // transports that may append a record
inline constexpr std::size_t kDeadlineFloatIndex = 4;   // ms: the deadline of the last arm
inline constexpr std::size_t kSelectedAtFloatIndex = 5; // ms: the clock after the last select

class ReadyRing {
 public:
  // EINVAL: not aligned for float64s, or too short for a header and the capacity that it names, or that
  // capacity is no power of two.
  [[nodiscard]] static base::Result<ReadyRing> adopt(std::int32_t* words, std::size_t byte_length) noexcept;

  // False: no room.
  [[nodiscard]] bool try_append(const Record& record) noexcept;

  [[nodiscard]] std::uint32_t size() const noexcept;
  [[nodiscard]] std::uint32_t capacity() const noexcept { return mask_ + 1; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  [[nodiscard]] std::uint32_t word(std::size_t index) const noexcept;
  void set_word(std::size_t index, std::uint32_t value) noexcept;
  void set_time(std::size_t float_index, base::Instant instant) noexcept;

 private:
  ReadyRing(std::int32_t* words, std::uint32_t mask) noexcept : words_(words), mask_(mask) {}

  std::int32_t* words_;
  std::uint32_t mask_;
};

}  // namespace readyloop::loop
