// The waker of the selector under test: from the same thread, from others, from a signal handler.
// Threads are waited for with a select, never with a sleep.
#include "selector/waker.h"

#include <doctest/doctest.h>
#include <csignal>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>

#include "selector/waker_fd.h"
#include "support/descriptors.h"
#include "support/selectors.h"

using namespace readyloop::selector;
using namespace readyloop::test;
using readyloop::base::Fd;
using readyloop::base::Pipe;
using readyloop::base::Syscalls;
using readyloop::base::Token;

namespace {

constexpr Token kToken{9, 9};
constexpr auto kLong = std::chrono::hours(1);

struct Fixture {
  std::unique_ptr<Selector> selector = make_selector();
  std::unique_ptr<Waker> waker = make_waker(*selector);

  Fixture() { REQUIRE(waker->attach(*selector, kToken).ok()); }
};

bool is_woken(Selector& selector) {
  const auto ready = poll_now(selector);
  return ready.size() == 1 && ready[0].token == kToken;
}

int interruptions = 0;

// Fails with EINTR twice, then does the call.
const Syscalls kInterrupted = {
    [](int fd, void* buffer, std::size_t size) noexcept -> ssize_t {
      if (interruptions-- > 0) return errno = EINTR, -1;
      return readyloop::base::kSyscalls.read(fd, buffer, size);
    },
    [](int fd, const void* bytes, std::size_t size) noexcept -> ssize_t {
      if (interruptions-- > 0) return errno = EINTR, -1;
      return readyloop::base::kSyscalls.write(fd, bytes, size);
    },
    readyloop::base::kSyscalls.fstat,
    readyloop::base::kSyscalls.open_pipe,
};

Waker* signalled = nullptr;

}  // namespace

TEST_CASE("Waker: is silent until somebody wakes") {
  Fixture fixture;
  CHECK(poll_now(*fixture.selector).empty());
}

TEST_CASE("Waker: any number of wake-ups is one event") {
  Fixture fixture;
  for (int i = 0; i < 100'000; ++i) fixture.waker->wake();
  CHECK(is_woken(*fixture.selector));
  fixture.waker->drain();
  CHECK(poll_now(*fixture.selector).empty());
}

TEST_CASE("Waker: wakes again after each drain") {
  Fixture fixture;
  for (int i = 0; i < 100; ++i) {
    fixture.waker->wake();
    REQUIRE(is_woken(*fixture.selector));
    fixture.waker->drain();
    REQUIRE(poll_now(*fixture.selector).empty());
  }
}

TEST_CASE("Waker: draining without a wake-up is harmless") {
  Fixture fixture;
  fixture.waker->drain();
  fixture.waker->wake();
  CHECK(is_woken(*fixture.selector));
}

TEST_CASE("Waker: ends a select that blocks") {
  Fixture fixture;
  std::thread other([&] { fixture.waker->wake(); });
  std::vector<Event> ready;
  do {
    REQUIRE(fixture.selector->select(kLong, ready).ok());
  } while (ready.empty());
  CHECK(ready[0].token == kToken);
  other.join();
}

TEST_CASE("Waker: no wake-up of many threads is lost") {
  Fixture fixture;
  constexpr int kThreads = 4;
  constexpr int kEach = 5'000;
  std::atomic<int> handed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int count = 0; count < kEach; ++count) {
        handed.fetch_add(1, std::memory_order_relaxed);
        fixture.waker->wake();
      }
    });
  }
  std::vector<Event> ready;
  int taken = 0;
  while (taken < kThreads * kEach) {
    REQUIRE(fixture.selector->select(kLong, ready).ok());
    if (!ready.empty()) fixture.waker->drain();
    taken += handed.exchange(0, std::memory_order_relaxed);
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(taken == kThreads * kEach);
}

TEST_CASE("Waker: works from a signal handler and keeps errno") {
  Fixture fixture;
  signalled = fixture.waker.get();
  const auto before = std::signal(SIGUSR1, [](int) { signalled->wake(); });
  errno = EDOM;
  std::raise(SIGUSR1);
  CHECK(errno == EDOM);
  std::signal(SIGUSR1, before);
  CHECK(is_woken(*fixture.selector));
}

TEST_CASE("Waker: interrupted reads and writes are tried again") {
  auto selector = make_selector();
  Pipe pipe = make_pipe();
  FdWaker waker(std::move(pipe.reader), std::move(pipe.writer), kInterrupted);
  REQUIRE(waker.attach(*selector, kToken).ok());
  interruptions = 2;
  waker.wake();
  CHECK(is_woken(*selector));
  interruptions = 2;
  waker.drain();
  CHECK(poll_now(*selector).empty());
}

TEST_CASE("Waker: a full pipe is awake already") {
  auto selector = make_selector();
  Pipe pipe = make_pipe();
  fill(pipe.writer.get());
  FdWaker waker(std::move(pipe.reader), std::move(pipe.writer), readyloop::base::kSyscalls);
  REQUIRE(waker.attach(*selector, kToken).ok());
  waker.wake();
  CHECK(is_woken(*selector));
}

TEST_CASE("Waker: a pipe serves every selector") {
  for (const std::string_view name : Selector::names()) {
    auto selector = Selector::create(name).take();
    Pipe pipe = make_pipe();
    FdWaker waker(std::move(pipe.reader), std::move(pipe.writer), readyloop::base::kSyscalls);
    REQUIRE(waker.attach(*selector, kToken).ok());
    waker.wake();
    CHECK(is_woken(*selector));
  }
}

TEST_CASE("Waker: without descriptors the failure is reported") {
  auto selector = make_selector();
  const NoMoreDescriptors limit;
  const auto waker = Waker::create(*selector);
  // EVFILT_USER needs no descriptor.
  if (selector->name() != "kqueue") CHECK(waker.error() == EMFILE);
}
