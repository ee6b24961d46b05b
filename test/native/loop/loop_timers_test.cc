// Timers through a whole turn, on a clock that stands still. Only the last case is about real time.
#include <doctest/doctest.h>

#include "support/descriptors.h"
#include "support/loop_fixture.h"

using namespace readyloop::loop;
using namespace readyloop::test;
using readyloop::base::Duration;
using readyloop::base::Instant;
using readyloop::base::Pipe;

namespace {

Instant after(LoopFixture& fixture, Duration span) { return later(fixture.clock.now(), span); }

}  // namespace

TEST_CASE("Loop: a timer fires at its deadline, never before") {
  LoopFixture fixture;
  fixture.loop->arm(4, 77, after(fixture, Duration(100)));
  CHECK(fixture.memory.word(kTimersIndex) == 1);
  fixture.clock.advance(Duration(99));
  CHECK(fixture.turn().empty());
  fixture.clock.advance(Duration(1));
  const auto records = fixture.turn();
  REQUIRE(records.size() == 1);
  CHECK(records[0].slot == 4);
  CHECK(records[0].word == 77);
  CHECK(fixture.memory.word(kTimersIndex) == 0);
}

TEST_CASE("Loop: all due timers fire in one turn, in the order of deadlines, then of arming") {
  LoopFixture fixture;
  fixture.loop->arm(1, 0, after(fixture, Duration(20)));
  fixture.loop->arm(2, 0, after(fixture, Duration(10)));
  fixture.loop->arm(3, 0, after(fixture, Duration(20)));
  fixture.loop->arm(4, 0, after(fixture, Duration(30)));
  fixture.clock.advance(Duration(20));
  const auto records = fixture.turn();
  REQUIRE(records.size() == 3);
  CHECK(records[0].slot == 2);
  CHECK(records[1].slot == 1);
  CHECK(records[2].slot == 3);
}

TEST_CASE("Loop: descriptors come before timers in a turn") {
  LoopFixture fixture;
  const Pipe pipe = make_pipe();
  fixture.loop->arm(1, 0, fixture.clock.now());
  REQUIRE(fixture.loop->watch(pipe.reader.get(), Direction::kRead, 2, 0, Repeat::kOnce).ok());
  write_byte(pipe.writer.get());
  const auto records = fixture.turn();
  REQUIRE(records.size() == 2);
  CHECK(records[0].slot == 2);
  CHECK(records[1].slot == 1);
}

TEST_CASE("Loop: a disarmed timer does not fire and does not shape the wait") {
  LoopFixture fixture;
  fixture.loop->arm(1, 0, after(fixture, Duration(5)));
  CHECK(fixture.loop->next_deadline() == after(fixture, Duration(5)));
  CHECK(fixture.loop->disarm(1));
  CHECK_FALSE(fixture.loop->disarm(1));
  CHECK_FALSE(fixture.loop->next_deadline().has_value());
  fixture.clock.advance(Duration(10));
  CHECK(fixture.turn().empty());
}

TEST_CASE("Loop: arming writes the deadline, selecting the time, into the header") {
  LoopFixture fixture;
  fixture.loop->arm(1, 0, Instant{2'500'000'000});
  CHECK(fixture.memory.time(kDeadlineFloatIndex) == 2500.0);
  fixture.clock.advance(Duration(250'000));
  fixture.turn();
  CHECK(fixture.memory.time(kSelectedAtFloatIndex) == 1000.25);
}

TEST_CASE("Loop: an endless timer never fires and may be disarmed") {
  LoopFixture fixture;
  fixture.loop->arm(1, 0, Instant::never());
  fixture.clock.advance(std::chrono::hours(1'000'000));
  CHECK(fixture.turn().empty());
  CHECK(fixture.loop->disarm(1));
}

TEST_CASE("Loop: a due timer keeps run_once from blocking") {
  LoopFixture fixture;
  fixture.loop->arm(1, 0, fixture.clock.now());
  CHECK(fixture.loop->run_once(std::nullopt).value() == 1);
}

TEST_CASE("Loop: on the real clock a timer's record is never early") {
  RingMemory memory;
  readyloop::base::SystemClock clock;
  auto selector = make_selector();
  auto waker = make_waker(*selector);
  auto loop = Loop::create(std::move(selector), std::move(waker), memory.ring(), clock).take();
  for (int i = 0; i < 20; ++i) {
    // real time: that a wait is not rounded down is the subject; 20 waits of a tenth of a millisecond.
    const Instant deadline = later(clock.now(), std::chrono::microseconds(100));
    loop->arm(1, 0, deadline);
    while (loop->run_once(std::nullopt).value() == 0) {
    }
    CHECK(clock.now() >= deadline);
    memory.ring().set_word(kHeadIndex, memory.ring().word(kTailIndex));
  }
}
