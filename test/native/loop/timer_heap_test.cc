// Order, removal and movement of timers. The last case compares a long random use with brute force.
#include "loop/timer_heap.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "support/seed.h"

using readyloop::base::Instant;
using readyloop::loop::Timer;
using readyloop::loop::TimerHeap;
using namespace readyloop::test;

namespace {

std::vector<std::uint32_t> take_all_due(TimerHeap& heap, Instant now) {
  std::vector<std::uint32_t> slots;
  while (const auto timer = heap.take_due(now)) slots.push_back(timer->slot);
  return slots;
}

// The same contract, by brute force.
class NaiveTimers {
 public:
  void arm(std::uint32_t slot, std::int32_t word, Instant deadline) {
    timers_[slot] = Timer{deadline, next_++, slot, word};
  }
  bool disarm(std::uint32_t slot) { return timers_.erase(slot) == 1; }
  std::optional<Timer> take_due(Instant now) {
    const auto first = std::min_element(timers_.begin(), timers_.end(), [](const auto& left, const auto& right) {
      return std::make_pair(left.second.deadline.ns, left.second.sequence) <
             std::make_pair(right.second.deadline.ns, right.second.sequence);
    });
    if (first == timers_.end() || first->second.deadline > now) return std::nullopt;
    const Timer taken = first->second;
    timers_.erase(first);
    return taken;
  }
  std::size_t size() const { return timers_.size(); }

 private:
  std::map<std::uint32_t, Timer> timers_;
  std::uint64_t next_ = 0;
};

}  // namespace

TEST_CASE("TimerHeap: timers come in the order of their deadlines") {
  TimerHeap heap;
  heap.arm(0, 0, Instant{30});
  heap.arm(1, 0, Instant{10});
  heap.arm(2, 0, Instant{20});
  CHECK(heap.next_deadline() == Instant{10});
  CHECK(take_all_due(heap, Instant{25}) == std::vector<std::uint32_t>{1, 2});
  CHECK(heap.next_deadline() == Instant{30});
}

TEST_CASE("TimerHeap: equal deadlines come in the order of arming") {
  TimerHeap heap;
  std::vector<std::uint32_t> expected;
  for (std::uint32_t slot = 0; slot < 100; ++slot) {
    heap.arm(99 - slot, 0, Instant{5});
    expected.push_back(99 - slot);
  }
  CHECK(take_all_due(heap, Instant{5}) == expected);
}

TEST_CASE("TimerHeap: a timer is due at its deadline and not a nanosecond before") {
  TimerHeap heap;
  heap.arm(3, 7, Instant{100});
  CHECK_FALSE(heap.take_due(Instant{99}).has_value());
  const auto timer = heap.take_due(Instant{100});
  REQUIRE(timer.has_value());
  CHECK(timer->slot == 3);
  CHECK(timer->word == 7);
}

TEST_CASE("TimerHeap: arming an armed slot moves its timer, behind its equals") {
  TimerHeap heap;
  heap.arm(0, 1, Instant{10});
  heap.arm(1, 1, Instant{10});
  heap.arm(2, 1, Instant{20});
  heap.arm(0, 2, Instant{10});
  CHECK(heap.size() == 3);
  heap.arm(2, 3, Instant{5});
  CHECK(take_all_due(heap, Instant{10}) == std::vector<std::uint32_t>{2, 1, 0});
}

TEST_CASE("TimerHeap: a disarmed timer is gone at once") {
  TimerHeap heap;
  heap.arm(0, 0, Instant{10});
  heap.arm(1, 0, Instant{20});
  CHECK(heap.disarm(0));
  CHECK_FALSE(heap.disarm(0));
  CHECK_FALSE(heap.disarm(1000));
  CHECK(heap.size() == 1);
  CHECK(heap.next_deadline() == Instant{20});
}

TEST_CASE("TimerHeap: cancelling many of many leaves only the live ones") {
  TimerHeap heap;
  for (std::uint32_t slot = 0; slot < 10'000; ++slot) heap.arm(slot, 0, Instant{slot});
  for (std::uint32_t slot = 1; slot < 10'000; ++slot) CHECK(heap.disarm(slot));
  CHECK(heap.size() == 1);
}

TEST_CASE("TimerHeap: an endless deadline is never due before the end of time") {
  TimerHeap heap;
  heap.arm(0, 0, Instant::never());
  CHECK_FALSE(heap.take_due(Instant{Instant::never().ns - 1}).has_value());
}

TEST_CASE("TimerHeap: agrees with brute force under random use") {
  auto random = make_random();
  TimerHeap heap;
  NaiveTimers model;
  Instant now{0};
  for (int step = 0; step < 20'000; ++step) {
    const std::uint32_t slot = below(random, 200);
    const std::uint32_t action = below(random, 10);
    if (action < 6) {
      const Instant deadline{now.ns + below(random, 50)};
      heap.arm(slot, step, deadline);
      model.arm(slot, step, deadline);
    } else if (action < 9) {
      REQUIRE(heap.disarm(slot) == model.disarm(slot));
    } else {
      now.ns += below(random, 20);
      for (;;) {
        const auto taken = heap.take_due(now);
        const auto expected = model.take_due(now);
        REQUIRE(taken.has_value() == expected.has_value());
        if (!taken.has_value()) break;
        REQUIRE(taken->slot == expected->slot);
        REQUIRE(taken->word == expected->word);
      }
    }
    REQUIRE(heap.size() == model.size());
  }
}
