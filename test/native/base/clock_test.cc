// The two clocks, and the arithmetic of instants at the ends of its range.
// The system's clock is only compared with itself.
#include "base/clock.h"

#include <doctest/doctest.h>

using readyloop::base::Duration;
using readyloop::base::Instant;
using readyloop::base::ManualClock;
using readyloop::base::SystemClock;

TEST_CASE("Clock: the system's never goes back") {
  SystemClock clock;
  Instant before = clock.now();
  CHECK(before.ns > 0);
  for (int i = 0; i < 1000; ++i) {
    const Instant now = clock.now();
    CHECK(now >= before);
    before = now;
  }
}

TEST_CASE("Clock: the manual one moves only when it is told to") {
  ManualClock clock(Instant{10});
  CHECK(clock.now() == Instant{10});
  clock.advance(Duration(5));
  CHECK(clock.now() == Instant{15});
  clock.advance(Duration::max());
  CHECK(clock.now() == Instant::never());
}

TEST_CASE("Instant: adding saturates at both ends") {
  CHECK(later(Instant{3}, Duration(4)) == Instant{7});
  CHECK(later(Instant::never(), Duration(1)) == Instant::never());
  CHECK(later(Instant{-5}, Duration::min()).ns == Duration::min().count());
}

TEST_CASE("Instant: the span until a passed instant is zero") {
  CHECK(until(Instant{7}, Instant{7}) == Duration::zero());
  CHECK(until(Instant{8}, Instant{7}) == Duration::zero());
  CHECK(until(Instant{6}, Instant{7}) == Duration(1));
}

TEST_CASE("Instant: milliseconds keep the order of nanoseconds") {
  const Instant large{std::int64_t{1} << 60};
  for (std::int64_t step = 0; step < 2000; ++step) {
    CHECK(to_milliseconds(later(large, Duration(step))) <= to_milliseconds(later(large, Duration(step + 1))));
  }
}
