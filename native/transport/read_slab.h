// Where reads land: memory that JavaScript allocates and both sides see. A record names a part of it; TypeScript copies
// the part out when it runs the record. Parts are given out one behind the other, from the start again as soon as every
// record that names one has been consumed, so an ordinary turn uses the same warm pages.
//
// Invariant: a part is not given out again before its record was consumed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "loop/ready_queue.h"

namespace readyloop::transport {

class ReadSlab final {
 public:
  struct Room {
    std::uint8_t* at;
    std::size_t size;
  };

  // The memory outlives the slab.
  ReadSlab(std::uint8_t* bytes, std::size_t size, loop::ReadyQueue& queue) noexcept
      : bytes_(bytes), size_(size), queue_(queue) {}

  // Where the next read may go, at most `wanted` bytes. Less than kLeastRoom is not offered: the slab is full then, and
  // reading goes on in the next turn.
  [[nodiscard]] Room room(std::size_t wanted) noexcept;

  // The first `size` bytes of that room were filled. Returns their offset; the caller appends the record next.
  [[nodiscard]] std::int32_t take(std::size_t size) noexcept;

  static constexpr std::size_t kLeastRoom = 4 * 1024;

 private:
  std::uint8_t* bytes_;
  std::size_t size_;
  loop::ReadyQueue& queue_;
  std::size_t used_ = 0;
  std::uint32_t last_record_ = 0;  // where in the queue the last record that names a part stands
};

}  // namespace readyloop::transport
