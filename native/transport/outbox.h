// Where small writes wait for the end of the turn: memory that JavaScript allocates, in which it leaves records and the
// bytes that they name. So a write costs no call, and all that a stream has written in a turn is sent with one.
//
//   words 0–3          records, bytes in use, flushes so far (wraps), unused
//   then kOutboxRecords records of four words: slot, word, offset, length
//   then the bytes
//
// Invariant: whatever JavaScript leaves here, no access leaves the memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "transport/transport.h"

namespace readyloop::transport {

inline constexpr std::size_t kOutboxRecordsIndex = 0;
inline constexpr std::size_t kOutboxBytesIndex = 1;
inline constexpr std::size_t kOutboxFlushesIndex = 2;
inline constexpr std::size_t kOutboxHeaderWords = 4;
inline constexpr std::size_t kOutboxRecords = 1024;
inline constexpr std::size_t kOutboxRecordWords = 4;

struct OutboxRecord {
  SinkName name;
  const std::uint8_t* bytes;
  std::size_t size;
};

class Outbox final {
 public:
  // EINVAL: not aligned, or too short for the header and the records.
  [[nodiscard]] static base::Result<Outbox> adopt(void* memory, std::size_t byte_length) noexcept;

  [[nodiscard]] std::uint32_t size() const noexcept;
  // Its bytes lie inside of the memory; a record that would not is given as an empty one.
  [[nodiscard]] OutboxRecord record(std::uint32_t index) const noexcept;
  // Everything was taken.
  void clear() noexcept;

 private:
  Outbox(std::int32_t* words, std::size_t room) noexcept : words_(words), room_(room) {}

  std::int32_t* words_;
  std::size_t room_;  // bytes
};

}  // namespace readyloop::transport
