// What JavaScript may leave in the outbox, sense and nonsense.
#include "transport/outbox.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <vector>

using namespace readyloop::transport;

namespace {

constexpr std::size_t kWords = kOutboxHeaderWords + kOutboxRecords * kOutboxRecordWords;

struct Memory {
  std::vector<std::int32_t> words = std::vector<std::int32_t>(kWords + 4);
  Outbox outbox = Outbox::adopt(words.data(), words.size() * sizeof(std::int32_t)).take();
};

}  // namespace

TEST_CASE("Outbox: a record names its stream and its bytes") {
  Memory memory;
  memory.words[0] = 1;
  memory.words[4] = 7;
  memory.words[5] = 0x36;
  memory.words[6] = 4;
  memory.words[7] = 12;
  const OutboxRecord record = memory.outbox.record(0);
  CHECK(memory.outbox.size() == 1);
  CHECK(record.name.slot == 7);
  CHECK(record.name.word == 0x36);
  CHECK(record.size == 12);
  CHECK(record.bytes == reinterpret_cast<const std::uint8_t*>(memory.words.data() + kWords) + 4);
}

TEST_CASE("Outbox: a record that leaves the memory is empty, and the count has a limit") {
  Memory memory;
  memory.words[0] = -1;
  CHECK(memory.outbox.size() == kOutboxRecords);
  for (const auto& [offset, length] : {std::pair{0, 17}, std::pair{17, 0}, std::pair{-1, 1}, std::pair{8, -1}}) {
    memory.words[6] = offset;
    memory.words[7] = length;
    CHECK(memory.outbox.record(0).size == 0);
  }
}

TEST_CASE("Outbox: clearing counts the flush") {
  Memory memory;
  memory.words[0] = 3;
  memory.words[1] = 9;
  memory.outbox.clear();
  CHECK(memory.words[0] == 0);
  CHECK(memory.words[1] == 0);
  CHECK(memory.words[2] == 1);
}

TEST_CASE("Outbox: memory that is too short is refused") {
  std::vector<std::int32_t> words(kWords);
  CHECK(Outbox::adopt(words.data(), words.size() * sizeof(std::int32_t) - 1).error() == EINVAL);
}
