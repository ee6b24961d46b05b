// The shared memory of a ready ring, and TypeScript's side of it: the drain that consumes records and keeps the order
// ring < its own overflow < the native overflow. It is as simple as can be; the real one is lib/engine's.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "loop/ready_queue.h"
#include "loop/ready_ring.h"

namespace readyloop::test {

class RingMemory {
 public:
  explicit RingMemory(std::uint32_t capacity = 64)
      : words_((loop::kHeaderWords + capacity * loop::kRecordWords + 1) / 2) {
    data()[loop::kCapacityIndex] = static_cast<std::int32_t>(capacity);
  }

  [[nodiscard]] std::int32_t* data() { return reinterpret_cast<std::int32_t*>(words_.data()); }
  [[nodiscard]] std::size_t byte_length() const { return words_.size() * sizeof(std::int64_t); }
  [[nodiscard]] std::int32_t word(std::size_t index) { return data()[index]; }
  [[nodiscard]] double time(std::size_t float_index) { return reinterpret_cast<double*>(words_.data())[float_index]; }
  [[nodiscard]] loop::ReadyRing ring() { return loop::ReadyRing::adopt(data(), byte_length()).take(); }

 private:
  // Of 64 bits, as the float64s in the header want it.
  std::vector<std::int64_t> words_;
};

// `Queue` is anything with overflow_size() and take_overflow(): a ReadyQueue or a Loop.
template <typename Queue>
class SimulatedDrain {
 public:
  SimulatedDrain(RingMemory& memory, Queue& queue) : memory_(memory), queue_(queue) {}

  // TypeScript appends a record of its own.
  void append(const loop::Record& record) {
    const bool in_line = overflow_.empty() && memory_.word(loop::kNativeOverflowIndex) == 0;
    if (in_line && ring_.try_append(record)) return;
    take_native_overflow();
    overflow_.push_back(record);
    publish();
  }

  // Consumes up to `limit` records, oldest first.
  std::vector<loop::Record> consume(std::size_t limit) {
    take_native_overflow();
    std::vector<loop::Record> taken;
    while (taken.size() < limit && !ring_.empty()) {
      const std::uint32_t head = ring_.word(loop::kHeadIndex);
      const auto position = static_cast<std::size_t>(head & (ring_.capacity() - 1));
      const std::int32_t* words = memory_.data() + loop::kHeaderWords + position * loop::kRecordWords;
      taken.push_back(loop::Record{words[0], words[1], words[2], words[3]});
      ring_.set_word(loop::kHeadIndex, head + 1);
      refill();
    }
    return taken;
  }

  std::vector<loop::Record> consume_all() { return consume(SIZE_MAX); }

 private:
  void take_native_overflow() {
    if (memory_.word(loop::kNativeOverflowIndex) == 0) return;
    std::vector<std::int32_t> words(queue_.overflow_size() * loop::kRecordWords);
    queue_.take_overflow(words.data());
    for (std::size_t i = 0; i < words.size(); i += loop::kRecordWords) {
      overflow_.push_back(loop::Record{words[i], words[i + 1], words[i + 2], words[i + 3]});
    }
    refill();
  }

  void refill() {
    while (!overflow_.empty() && ring_.try_append(overflow_.front())) overflow_.pop_front();
    publish();
  }

  void publish() { ring_.set_word(loop::kJsOverflowIndex, static_cast<std::uint32_t>(overflow_.size())); }

  RingMemory& memory_;
  Queue& queue_;
  loop::ReadyRing ring_ = memory_.ring();
  std::deque<loop::Record> overflow_;
};

}  // namespace readyloop::test
