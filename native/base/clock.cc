// The system's monotonic clock. CLOCK_MONOTONIC is what epoll, kqueue and poll(2) measure their waits with on the
// systems we support, so a wait until a deadline ends when this clock has reached it.
#include "base/clock.h"

#include <cassert>
#include <ctime>

namespace readyloop::base {

Instant SystemClock::now() noexcept {
  timespec time{};
  const int failed = ::clock_gettime(CLOCK_MONOTONIC, &time);
  assert(failed == 0 && "every supported system has a monotonic clock");
  static_cast<void>(failed);
  return Instant{std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

void ManualClock::advance(Duration span) noexcept {
  assert(span >= Duration::zero() && "a monotonic clock never goes back");
  now_ = later(now_, span);
}

}  // namespace readyloop::base
