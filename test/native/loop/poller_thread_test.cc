// The thread that waits in somebody's place: what makes it say something, and that it says it once. The test waits for it
// with a condition and never with a sleep; what the thread waits for is seen in its system call.
#include "loop/poller_thread.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/fd.h"
#include "loop/loop.h"
#include "support/descriptors.h"

using namespace readyloop;
using readyloop::base::Duration;
using readyloop::base::Instant;
using readyloop::loop::PollerThread;
using std::chrono::milliseconds;

namespace {

// What the thread did, for the test to wait on. One at a time: the table of system calls has no receiver.
struct Watched {
  std::mutex mutex;
  std::condition_variable changed;
  int notified = 0;
  int waits = 0;             // system calls that have begun
  nfds_t last_count = 0;     // descriptors of the last one, the waker's included
  Duration last_wait{};
  int interruptions = 0;     // calls that are still to fail with EINTR
  int failures = 0;          // calls that are still to fail with ENOMEM

  template <typename Condition>
  void until(Condition holds) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, holds);
  }
  // The thread has begun another wait than those before, for so many descriptors.
  void until_waiting_for(nfds_t count, int after = 0) {
    until([&] { return waits > after && last_count == count; });
  }
  int waits_so_far() {
    const std::lock_guard<std::mutex> lock(mutex);
    return waits;
  }
  int notified_so_far() {
    const std::lock_guard<std::mutex> lock(mutex);
    return notified;
  }
};

Watched* watched = nullptr;

const selector::PollSyscalls kWatchedPoll = {
    [](pollfd* polled, nfds_t count, Duration timeout) noexcept -> int {
      {
        const std::lock_guard<std::mutex> lock(watched->mutex);
        ++watched->waits;
        watched->last_count = count;
        watched->last_wait = timeout;
        watched->changed.notify_all();
        // Only once it is armed: before, there is nothing that the thread could say.
        if (count > 1 && watched->interruptions-- > 0) return errno = EINTR, -1;
        if (count > 1 && watched->failures-- > 0) return errno = ENOMEM, -1;
      }
      return selector::READYLOOP_REAL(kPollSyscalls).wait(polled, count, timeout);
    },
};

class SharedClock final : public base::Clock {
 public:
  Instant now() noexcept override { return Instant{ns_.load()}; }
  void set(Instant now) noexcept { ns_ = now.ns; }

 private:
  std::atomic<std::int64_t> ns_{1'000'000'000};
};

struct Fixture {
  Watched state;
  SharedClock clock;
  base::Pipe pipe = test::make_pipe();
  std::unique_ptr<PollerThread> thread;

  Fixture() {
    watched = &state;
    auto started = PollerThread::start(
        [](void* receiver) noexcept {
          auto* seen = static_cast<Watched*>(receiver);
          const std::lock_guard<std::mutex> lock(seen->mutex);
          ++seen->notified;
          seen->changed.notify_all();
        },
        &state, clock, kWatchedPoll);
    REQUIRE(started.ok());
    thread = started.take();
  }

  std::vector<pollfd> reader() const { return {pollfd{pipe.reader.get(), POLLIN, 0}}; }
  void make_ready() const { test::write_byte(pipe.writer.get()); }
  void until_notified(int times) {
    state.until([&] { return state.notified >= times; });
    CHECK(state.notified_so_far() == times);
  }
};

}  // namespace

TEST_CASE("PollerThread: sleeps while nothing is armed, and ends when it is not wanted any more") {
  Fixture fixture;
  fixture.make_ready();
  fixture.state.until_waiting_for(1);
  fixture.thread.reset();
  CHECK(fixture.state.notified == 0);
  CHECK(fixture.state.last_wait == loop::kLongestWait);
}

TEST_CASE("PollerThread: says once that a descriptor is ready, and sleeps until it is armed again") {
  Fixture fixture;
  fixture.make_ready();
  fixture.thread->arm(fixture.reader(), 1);
  fixture.until_notified(1);
  // It is still ready, and nobody is told.
  fixture.state.until([&] { return fixture.state.last_count == 1; });
  CHECK(fixture.state.notified_so_far() == 1);
  fixture.thread->arm(fixture.reader(), 1);
  fixture.until_notified(2);
}

TEST_CASE("PollerThread: is woken by what becomes ready while it waits") {
  Fixture fixture;
  fixture.thread->arm(fixture.reader(), 1);
  fixture.state.until_waiting_for(2);
  fixture.make_ready();
  fixture.until_notified(1);
}

TEST_CASE("PollerThread: a newer list replaces the one before") {
  Fixture fixture;
  const base::Pipe other = test::make_pipe();
  fixture.thread->arm(fixture.reader(), 1);
  fixture.state.until_waiting_for(2);
  const int before = fixture.state.waits_so_far();
  fixture.thread->arm({pollfd{other.reader.get(), POLLIN, 0}}, 2);
  fixture.state.until_waiting_for(2, before);
  // Nobody waits for the first one any more.
  fixture.make_ready();
  test::write_byte(other.writer.get());
  fixture.until_notified(1);
}

TEST_CASE("PollerThread: arming what is armed costs the thread nothing") {
  Fixture fixture;
  // Or the wake-up of the first arm could end a wait that has the list already.
  fixture.state.until_waiting_for(1);
  fixture.thread->arm(fixture.reader(), 1, Instant{2'000'000'000'000});
  fixture.state.until_waiting_for(2);
  const int before = fixture.state.waits_so_far();
  for (int i = 0; i < 1000; ++i) fixture.thread->arm(fixture.reader(), 1, Instant{2'000'000'000'000 + i});
  fixture.make_ready();
  fixture.until_notified(1);
  fixture.state.until([&] { return fixture.state.last_count == 1; });
  CHECK(fixture.state.waits_so_far() == before + 1);
}

TEST_CASE("PollerThread: waits for a deadline, and is never early") {
  Fixture fixture;
  const Instant start = fixture.clock.now();
  const Instant deadline = base::later(start, milliseconds(3));
  fixture.thread->arm({}, 1, deadline);
  // The system's clock passes the deadline, again and again, and the loop's does not.
  fixture.state.until([&] { return fixture.state.waits >= 4 && fixture.state.last_wait == milliseconds(3); });
  CHECK(fixture.state.notified_so_far() == 0);
  fixture.clock.set(deadline);
  fixture.until_notified(1);
}

TEST_CASE("PollerThread: an earlier deadline ends the wait for a later one") {
  Fixture fixture;
  fixture.thread->arm({}, 1, base::later(fixture.clock.now(), std::chrono::hours(1)));
  fixture.state.until([&] { return fixture.state.last_wait == std::chrono::hours(1); });
  fixture.thread->arm({}, 1, fixture.clock.now());
  fixture.until_notified(1);
}

TEST_CASE("PollerThread: a deadline that is moved back is waited for") {
  Fixture fixture;
  const Instant first = base::later(fixture.clock.now(), milliseconds(2));
  const Instant second = base::later(first, milliseconds(2));
  fixture.thread->arm({}, 1, first);
  fixture.thread->arm({}, 1, second);
  fixture.clock.set(first);
  fixture.state.until([&] { return fixture.state.last_wait == milliseconds(2) && fixture.state.waits >= 4; });
  CHECK(fixture.state.notified_so_far() == 0);
  fixture.clock.set(second);
  fixture.until_notified(1);
}

TEST_CASE("PollerThread: an interrupted wait says nothing, one that failed does") {
  Fixture fixture;
  fixture.state.interruptions = 3;
  fixture.state.failures = 1;
  fixture.thread->arm(fixture.reader(), 1);
  fixture.until_notified(1);
  CHECK(fixture.state.interruptions <= 0);
}

TEST_CASE("PollerThread: is armed by one thread while another makes its descriptor ready") {
  Fixture fixture;
  constexpr int kRounds = 2'000;
  std::thread writer([&] {
    for (int round = 1; round <= kRounds; ++round) {
      fixture.make_ready();
      fixture.state.until([&] { return fixture.state.notified >= round; });
    }
  });
  for (int round = 1; round <= kRounds; ++round) {
    fixture.thread->arm(fixture.reader(), static_cast<std::uint64_t>(round));
    fixture.state.until([&] { return fixture.state.notified >= round; });
    test::read_byte(fixture.pipe.reader.get());
  }
  writer.join();
  fixture.thread.reset();
  CHECK(fixture.state.notified == kRounds);
}
