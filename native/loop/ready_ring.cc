// Reading and writing the shared words. Plain loads and stores: JavaScript and C++ take turns on one thread.
#include "loop/ready_ring.h"

#include <cstring>

namespace readyloop::loop {

namespace {

// Float64s are stored with memcpy: the words are int32 objects, and a cast would break the aliasing rules.
constexpr std::size_t kWordsPerFloat = sizeof(double) / sizeof(std::int32_t);

bool is_power_of_two(std::uint32_t value) noexcept { return value != 0 && (value & (value - 1)) == 0; }

}  // namespace

base::Result<ReadyRing> ReadyRing::adopt(std::int32_t* words, std::size_t byte_length) noexcept {
  const base::Status malformed(EINVAL, "ready ring");
  if (reinterpret_cast<std::uintptr_t>(words) % alignof(double) != 0) return malformed;
  if (byte_length < kHeaderWords * sizeof(std::int32_t)) return malformed;
  const auto capacity = static_cast<std::uint32_t>(words[kCapacityIndex]);
  const std::size_t room = (byte_length - kHeaderWords * sizeof(std::int32_t)) / sizeof(Record);
  if (!is_power_of_two(capacity) || capacity > room) return malformed;
  return ReadyRing(words, capacity - 1);
}

std::uint32_t ReadyRing::word(std::size_t index) const noexcept { return static_cast<std::uint32_t>(words_[index]); }

void ReadyRing::set_word(std::size_t index, std::uint32_t value) noexcept {
  words_[index] = static_cast<std::int32_t>(value);
}

void ReadyRing::set_time(std::size_t float_index, base::Instant instant) noexcept {
  const double value = base::to_milliseconds(instant);
  std::memcpy(words_ + float_index * kWordsPerFloat, &value, sizeof value);
}

// The counters wrap; their difference does not.
std::uint32_t ReadyRing::size() const noexcept { return word(kTailIndex) - word(kHeadIndex); }

bool ReadyRing::try_append(const Record& record) noexcept {
  if (size() >= capacity()) return false;
  const std::uint32_t tail = word(kTailIndex);
  std::memcpy(words_ + kHeaderWords + std::size_t{tail & mask_} * kRecordWords, &record, sizeof record);
  set_word(kTailIndex, tail + 1);
  return true;
}

}  // namespace readyloop::loop
