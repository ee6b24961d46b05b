// The native writer of the ready ring, and the FIFO that takes what does not fit.
//
// Invariant: the order in which records were appended is the order in which TypeScript sees them: first the
// ring, then TypeScript's own overflow, then this FIFO. So a record goes here as soon as anything waits in
// either overflow, even if the ring has room again; and only TypeScript moves the FIFO, all of it at once.
// Nothing is ever dropped: the FIFO grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "loop/ready_ring.h"
#include "loop/record.h"

namespace readyloop::loop {

class ReadyQueue final {
 public:
  explicit ReadyQueue(ReadyRing ring) noexcept : ring_(ring) {}
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;

  void append(const Record& record) noexcept;

  // Whether any record waits anywhere: in the ring or in one of the overflows.
  [[nodiscard]] bool has_records() const noexcept;

  // Where the record that is appended next will stand, counted from the first one ever (wraps); and whether TypeScript
  // has consumed the one that stands there. True as long as TypeScript takes over the FIFO before it appends anything
  // more, which it does at the start of a drain and after each command.
  [[nodiscard]] std::uint32_t next_position() const noexcept;
  [[nodiscard]] bool has_consumed(std::uint32_t position) const noexcept;

  // Records appended since the start (wraps).
  [[nodiscard]] std::uint32_t appended() const noexcept { return appended_; }

  [[nodiscard]] std::size_t overflow_size() const noexcept { return overflow_.size(); }

  // Writes kRecordWords words for each record that waits in the FIFO, oldest first, and empties it.
  void take_overflow(std::int32_t* out_words) noexcept;

  [[nodiscard]] ReadyRing& ring() noexcept { return ring_; }

 private:
  ReadyRing ring_;
  std::vector<Record> overflow_;
  std::uint32_t appended_ = 0;
};

}  // namespace readyloop::loop
