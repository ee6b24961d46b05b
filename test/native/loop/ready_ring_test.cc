// The layout of the shared memory, word by word, and what nonsense in it may lead to.
// lib/engine/abi.ts is compared with the same constants elsewhere.
#include "loop/ready_ring.h"

#include <doctest/doctest.h>

#include "support/ring_memory.h"

using namespace readyloop::loop;
using namespace readyloop::test;
using readyloop::base::Instant;

TEST_CASE("ReadyRing: refuses memory that is too short, misaligned, or of a capacity that is no power of two") {
  RingMemory memory(64);
  CHECK(ReadyRing::adopt(memory.data(), memory.byte_length()).ok());
  CHECK(ReadyRing::adopt(memory.data(), memory.byte_length() - 1).error() == EINVAL);
  CHECK(ReadyRing::adopt(memory.data(), 60).error() == EINVAL);
  CHECK(ReadyRing::adopt(memory.data() + 1, memory.byte_length() - 4).error() == EINVAL);
  for (const std::int32_t capacity : {0, 3, -64, 128}) {
    memory.data()[kCapacityIndex] = capacity;
    CHECK(ReadyRing::adopt(memory.data(), memory.byte_length()).error() == EINVAL);
  }
}

TEST_CASE("ReadyRing: a record is four words behind the header") {
  RingMemory memory(4);
  ReadyRing ring = memory.ring();
  REQUIRE(ring.try_append(Record{5, -6, 7, 8}));
  CHECK(memory.word(kTailIndex) == 1);
  CHECK(memory.word(kHeaderWords + 0) == 5);
  CHECK(memory.word(kHeaderWords + 1) == -6);
  CHECK(memory.word(kHeaderWords + 2) == 7);
  CHECK(memory.word(kHeaderWords + 3) == 8);
}

TEST_CASE("ReadyRing: takes as many records as it has room for") {
  RingMemory memory(4);
  ReadyRing ring = memory.ring();
  CHECK(ring.empty());
  for (int i = 0; i < 4; ++i) CHECK(ring.try_append(Record{}));
  CHECK_FALSE(ring.try_append(Record{}));
  CHECK(ring.size() == 4);
  ring.set_word(kHeadIndex, 1);
  CHECK(ring.try_append(Record{}));
}

TEST_CASE("ReadyRing: its counters wrap") {
  RingMemory memory(4);
  ReadyRing ring = memory.ring();
  ring.set_word(kHeadIndex, 0xFFFFFFFEU);
  ring.set_word(kTailIndex, 0xFFFFFFFEU);
  for (int i = 0; i < 4; ++i) CHECK(ring.try_append(Record{i, 0, 0, 0}));
  CHECK(ring.size() == 4);
  CHECK(memory.word(kTailIndex) == 2);
  CHECK(memory.word(kHeaderWords + 2 * kRecordWords) == 0);
  CHECK(memory.word(kHeaderWords + 1 * kRecordWords) == 3);
}

TEST_CASE("ReadyRing: nonsense in the header leads to no access outside the memory") {
  RingMemory memory(4);
  ReadyRing ring = memory.ring();
  memory.data()[kCapacityIndex] = 1 << 30;
  ring.set_word(kTailIndex, 0x7FFFFFFFU);
  ring.set_word(kHeadIndex, 0x7FFFFFFEU);
  CHECK(ring.try_append(Record{1, 2, 3, 4}));
  ring.set_word(kHeadIndex, 12345);
  CHECK_FALSE(ring.try_append(Record{1, 2, 3, 4}));
}

TEST_CASE("ReadyRing: times are float64s of milliseconds") {
  RingMemory memory(4);
  memory.ring().set_time(kDeadlineFloatIndex, Instant{1'500'000});
  memory.ring().set_time(kSelectedAtFloatIndex, Instant{250});
  CHECK(memory.time(kDeadlineFloatIndex) == 1.5);
  CHECK(memory.time(kSelectedAtFloatIndex) == 0.00025);
}
