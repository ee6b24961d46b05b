// The order of records over the ring and both overflows. SimulatedDrain plays TypeScript.
#include "loop/ready_queue.h"

#include <doctest/doctest.h>

#include "support/ring_memory.h"
#include "support/seed.h"

using namespace readyloop::loop;
using namespace readyloop::test;

namespace {

Record numbered(int number) { return Record{number, 0, 0, 0}; }

std::vector<int> numbers_of(const std::vector<Record>& records) {
  std::vector<int> numbers;
  for (const Record& record : records) numbers.push_back(record.slot);
  return numbers;
}

}  // namespace

TEST_CASE("ReadyQueue: what does not fit waits in order and is counted") {
  RingMemory memory(2);
  ReadyQueue queue(memory.ring());
  CHECK_FALSE(queue.has_records());
  for (int i = 0; i < 5; ++i) queue.append(numbered(i));
  CHECK(queue.appended() == 5);
  CHECK(queue.overflow_size() == 3);
  CHECK(memory.word(kNativeOverflowIndex) == 3);
  std::vector<std::int32_t> words(3 * kRecordWords);
  queue.take_overflow(words.data());
  CHECK(words[0] == 2);
  CHECK(words[4] == 3);
  CHECK(words[8] == 4);
  CHECK(queue.overflow_size() == 0);
  CHECK(memory.word(kNativeOverflowIndex) == 0);
}

TEST_CASE("ReadyQueue: taking an empty overflow writes nothing") {
  RingMemory memory(2);
  ReadyQueue queue(memory.ring());
  queue.take_overflow(nullptr);
  CHECK(queue.overflow_size() == 0);
}

TEST_CASE("ReadyQueue: a record does not overtake those in TypeScript's overflow") {
  RingMemory memory(2);
  ReadyQueue queue(memory.ring());
  memory.ring().set_word(kJsOverflowIndex, 1);
  CHECK(queue.has_records());
  queue.append(numbered(1));
  CHECK(memory.ring().empty());
  CHECK(queue.overflow_size() == 1);
}

TEST_CASE("ReadyQueue: a record does not overtake those in its own overflow") {
  RingMemory memory(2);
  ReadyQueue queue(memory.ring());
  for (int i = 0; i < 3; ++i) queue.append(numbered(i));
  memory.ring().set_word(kHeadIndex, 2);
  queue.append(numbered(3));
  CHECK(memory.ring().empty());
  CHECK(queue.overflow_size() == 2);
}

TEST_CASE("ReadyQueue: a burst's memory is given back and order is kept") {
  RingMemory memory(2);
  ReadyQueue queue(memory.ring());
  SimulatedDrain<ReadyQueue> drain(memory, queue);
  for (int i = 0; i < 10'000; ++i) queue.append(numbered(i));
  const auto taken = drain.consume_all();
  REQUIRE(taken.size() == 10'000);
  for (int i = 0; i < 10'000; ++i) REQUIRE(taken[static_cast<std::size_t>(i)].slot == i);
}

TEST_CASE("ReadyQueue: both sides and all three places together are one FIFO") {
  auto random = make_random();
  RingMemory memory(8);
  ReadyQueue queue(memory.ring());
  SimulatedDrain<ReadyQueue> drain(memory, queue);
  int next = 0;
  int expected = 0;
  for (int step = 0; step < 50'000; ++step) {
    const std::uint32_t action = below(random, 5);
    if (action <= 1) {
      queue.append(numbered(next++));
    } else if (action == 2) {
      drain.append(numbered(next++));
    } else {
      for (const int number : numbers_of(drain.consume(below(random, 4)))) REQUIRE(number == expected++);
    }
    REQUIRE(queue.has_records() == (next != expected));
  }
  for (const int number : numbers_of(drain.consume_all())) REQUIRE(number == expected++);
  CHECK(expected == next);
}
