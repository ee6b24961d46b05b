// Ring or overflow: the one decision, and its bookkeeping in the header. See ready_queue.h for the order.
#include "loop/ready_queue.h"

#include <cstring>

namespace readyloop::loop {

namespace {

// A burst may need a large FIFO once; above this many records it is given back.
constexpr std::size_t kKeptOverflow = 4096;

}  // namespace

void ReadyQueue::append(const Record& record) noexcept {
  ++appended_;
  const bool in_line = overflow_.empty() && ring_.word(kJsOverflowIndex) == 0;
  if (in_line && ring_.try_append(record)) return;
  overflow_.push_back(record);
  ring_.set_word(kNativeOverflowIndex, static_cast<std::uint32_t>(overflow_.size()));
}

bool ReadyQueue::has_records() const noexcept {
  return !ring_.empty() || !overflow_.empty() || ring_.word(kJsOverflowIndex) != 0;
}

std::uint32_t ReadyQueue::next_position() const noexcept {
  return ring_.word(kTailIndex) + ring_.word(kJsOverflowIndex) + static_cast<std::uint32_t>(overflow_.size());
}

// The counters wrap, and no two of them are ever half the range apart.
bool ReadyQueue::has_consumed(std::uint32_t position) const noexcept {
  return static_cast<std::int32_t>(ring_.word(kHeadIndex) - position) > 0;
}

void ReadyQueue::take_overflow(std::int32_t* out_words) noexcept {
  if (overflow_.empty()) return;
  std::memcpy(out_words, overflow_.data(), overflow_.size() * sizeof(Record));
  if (overflow_.capacity() > kKeptOverflow) {
    std::vector<Record>().swap(overflow_);
  } else {
    overflow_.clear();
  }
  ring_.set_word(kNativeOverflowIndex, 0);
}

}  // namespace readyloop::loop
