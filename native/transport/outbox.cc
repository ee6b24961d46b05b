// Reading what JavaScript wrote. See outbox.h.
#include "transport/outbox.h"

#include <algorithm>
#include <cerrno>

namespace readyloop::transport {

namespace {

constexpr std::size_t kBytesAt = (kOutboxHeaderWords + kOutboxRecords * kOutboxRecordWords) * sizeof(std::int32_t);

}  // namespace

base::Result<Outbox> Outbox::adopt(void* memory, std::size_t byte_length) noexcept {
  const bool aligned = reinterpret_cast<std::uintptr_t>(memory) % alignof(std::int32_t) == 0;
  if (!aligned || byte_length < kBytesAt) return base::Status(EINVAL, "outbox");
  return Outbox(static_cast<std::int32_t*>(memory), byte_length - kBytesAt);
}

std::uint32_t Outbox::size() const noexcept {
  return std::min(static_cast<std::uint32_t>(words_[kOutboxRecordsIndex]), static_cast<std::uint32_t>(kOutboxRecords));
}

OutboxRecord Outbox::record(std::uint32_t index) const noexcept {
  const std::int32_t* words = words_ + kOutboxHeaderWords + std::size_t{index} * kOutboxRecordWords;
  const auto offset = static_cast<std::uint32_t>(words[2]);
  const auto length = static_cast<std::uint32_t>(words[3]);
  const bool inside = offset <= room_ && length <= room_ - offset;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(words_) + kBytesAt;
  return OutboxRecord{SinkName{static_cast<std::uint32_t>(words[0]), words[1]}, bytes + (inside ? offset : 0),
                      inside ? length : 0};
}

void Outbox::clear() noexcept {
  words_[kOutboxRecordsIndex] = 0;
  words_[kOutboxBytesIndex] = 0;
  words_[kOutboxFlushesIndex] = static_cast<std::int32_t>(static_cast<std::uint32_t>(words_[kOutboxFlushesIndex]) + 1);
}

}  // namespace readyloop::transport
