// Rounding and saturation of waits. The header proves some of it at compile time; here are the rest and the reasons.
#include "selector/timeout.h"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using readyloop::base::Duration;
using readyloop::selector::to_milliseconds_rounded_up;
using readyloop::selector::to_timespec;
using readyloop::selector::to_whole_seconds;

TEST_CASE("Timeout: milliseconds are rounded up, so that no wait ends early") {
  CHECK(to_milliseconds_rounded_up(1ns) == 1);
  CHECK(to_milliseconds_rounded_up(1ms) == 1);
  CHECK(to_milliseconds_rounded_up(1ms + 1ns) == 2);
  CHECK(to_milliseconds_rounded_up(24h) == 86'400'000);
}

TEST_CASE("Timeout: a span that has passed is no wait") {
  CHECK(to_milliseconds_rounded_up(-5ms) == 0);
  CHECK(to_timespec(-5ms).tv_sec == 0);
  CHECK(to_timespec(-5ms).tv_nsec == 0);
}

TEST_CASE("Timeout: an endless span saturates") {
  CHECK(to_milliseconds_rounded_up(Duration::max()) == std::numeric_limits<int>::max());
  CHECK(to_timespec(Duration::max()).tv_sec > 0);
  CHECK(to_timespec(Duration::max()).tv_nsec < 1'000'000'000);
  // Cut to 32 bits, 2^32 seconds would be none at all.
  CHECK(to_whole_seconds<std::int32_t>(std::chrono::seconds(4'294'967'296)) == 2'147'483'647);
  CHECK(to_whole_seconds<std::int64_t>(std::chrono::seconds(4'294'967'296)) == 4'294'967'296);
}
