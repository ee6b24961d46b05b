// The turn as a whole: waits, order, overflow, sources, wake-ups, failures of the selector.
// Timers have a file of their own, watches too.
#include "loop/loop.h"

#include <doctest/doctest.h>

#include <functional>
#include <thread>
#include <utility>

#include "support/descriptors.h"
#include "support/loop_fixture.h"

using namespace readyloop::loop;
using namespace readyloop::selector;
using namespace readyloop::test;
using readyloop::base::Duration;
using readyloop::base::Instant;
using readyloop::base::Pipe;
using readyloop::base::Status;
using readyloop::base::Token;

namespace {

constexpr Interest kReadLevel{true, false, Mode::kLevel};
using namespace std::chrono_literals;

// Remembers how long it was asked to wait, and answers what it is told to.
class RecordingSelector final : public Selector {
 public:
  std::string_view name() const noexcept override { return "poll"; }
  int descriptor() const noexcept override { return -1; }
  Status register_fd(int, Token, Interest) noexcept override { return attach_status; }
  Status modify_fd(int, Token, Interest) noexcept override { return {}; }
  Status deregister_fd(int) noexcept override { return {}; }
  Status select(Duration wait, std::vector<Event>& ready) noexcept override {
    waits.push_back(wait);
    ready.clear();
    return select_status;
  }

  std::vector<Duration> waits;
  Status attach_status;
  Status select_status;
};

class CallbackSource final : public Source {
 public:
  void on_ready(Readiness) noexcept override { callback(); }
  std::function<void()> callback;
};

struct RecordingFixture {
  RecordingSelector* selector = new RecordingSelector();
  LoopFixture fixture{64, std::unique_ptr<Selector>(selector)};

  Duration wait_of_turn(std::optional<Duration> max_wait) {
    REQUIRE(fixture.loop->run_once(max_wait).ok());
    return selector->waits.back();
  }
};

Token register_callback(LoopFixture& fixture, int fd, std::function<void()> callback) {
  auto source = std::make_unique<CallbackSource>();
  source->callback = std::move(callback);
  return fixture.loop->registry().register_source(std::move(source), fd, kReadLevel).take();
}

}  // namespace

TEST_CASE("Loop: waits until the next deadline, the given limit, or a day, whichever is first") {
  RecordingFixture recording;
  CHECK(recording.wait_of_turn(std::nullopt) == 24h);
  CHECK(recording.wait_of_turn(5ms) == 5ms);
  CHECK(recording.wait_of_turn(-5ms) == 0ms);
  CHECK(recording.wait_of_turn(Duration::max()) == 24h);
  recording.fixture.loop->arm(1, 0, later(recording.fixture.clock.now(), 3ms));
  CHECK(recording.wait_of_turn(std::nullopt) == 3ms);
  CHECK(recording.wait_of_turn(2ms) == 2ms);
  recording.fixture.loop->arm(1, 0, Instant::never());
  CHECK(recording.wait_of_turn(std::nullopt) == 24h);
}

TEST_CASE("Loop: does not wait while a record waits, wherever it is") {
  RecordingFixture recording;
  LoopFixture& fixture = recording.fixture;
  fixture.drain.append(Record{1, 1, 0, 0});
  CHECK(recording.wait_of_turn(std::nullopt) == 0ms);
  fixture.drain.consume_all();
  CHECK(recording.wait_of_turn(std::nullopt) == 24h);
  fixture.memory.ring().set_word(kJsOverflowIndex, 1);
  CHECK(recording.wait_of_turn(std::nullopt) == 0ms);
  fixture.loop->arm(1, 0, Instant{0});
  CHECK(recording.wait_of_turn(std::nullopt) == 0ms);
  fixture.memory.ring().set_word(kJsOverflowIndex, 0);
  CHECK(fixture.loop->overflow_size() == 1);
  CHECK(recording.wait_of_turn(std::nullopt) == 0ms);
}

TEST_CASE("Loop: a failure of the selector is returned, and the loop lives on") {
  RecordingFixture recording;
  recording.selector->select_status = Status(ENOMEM, "epoll_wait");
  CHECK(recording.fixture.loop->run_once(0ms).error() == ENOMEM);
  recording.selector->select_status = Status();
  CHECK(recording.fixture.loop->run_once(0ms).ok());
}

TEST_CASE("Loop: cannot be created when its waker cannot be attached") {
  RingMemory memory;
  readyloop::base::ManualClock clock;
  auto selector = std::make_unique<RecordingSelector>();
  selector->attach_status = Status(ENOSPC, "epoll_ctl");
  auto waker = make_waker(*selector);
  const auto created = Loop::create(std::move(selector), std::move(waker), memory.ring(), clock);
  CHECK(created.error() == ENOSPC);
}

TEST_CASE("Loop: counts turns and returns the number of records") {
  LoopFixture fixture;
  CHECK(fixture.loop->run_once(0ms).value() == 0);
  for (std::uint32_t slot = 0; slot < 3; ++slot) fixture.loop->arm(slot, 0, Instant{0});
  CHECK(fixture.loop->run_once(0ms).value() == 3);
  CHECK(fixture.memory.word(kTurnsIndex) == 2);
}

TEST_CASE("Loop: what does not fit into the ring comes through the overflow, in order") {
  LoopFixture fixture(4);
  for (std::uint32_t slot = 0; slot < 10; ++slot) fixture.loop->arm(slot, 0, Instant{slot});
  CHECK(fixture.loop->run_once(0ms).value() == 10);
  CHECK(fixture.loop->overflow_size() == 6);
  const auto records = fixture.drain.consume_all();
  REQUIRE(records.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) CHECK(records[i].slot == static_cast<std::int32_t>(i));
}

TEST_CASE("Loop: a wake-up from another thread ends a wait without a limit") {
  LoopFixture fixture;
  std::thread other([&] { fixture.loop->wake(); });
  CHECK(fixture.loop->run_once(std::nullopt).value() == 0);
  other.join();
}

TEST_CASE("Loop: a wake-up before the wait ends it, and only that one") {
  LoopFixture fixture;
  fixture.loop->wake();
  fixture.loop->wake();
  CHECK(fixture.loop->run_once(std::nullopt).value() == 0);
  std::vector<pollfd> polled;
  if (fixture.loop->descriptor() >= 0) {
    polled.push_back(pollfd{fixture.loop->descriptor(), POLLIN, 0});
  } else {
    fixture.loop->append_pollfds(polled);
  }
  CHECK(::poll(polled.data(), static_cast<nfds_t>(polled.size()), 0) == 0);
}

TEST_CASE("Loop: a turn inside a turn is refused") {
  LoopFixture fixture;
  const Pipe pipe = make_pipe();
  write_byte(pipe.writer.get());
  int inner = 0;
  register_callback(fixture, pipe.reader.get(), [&] { inner = fixture.loop->run_once(0ms).error(); });
  CHECK(fixture.loop->run_once(0ms).ok());
  CHECK(inner == EBUSY);
  CHECK(fixture.loop->run_once(0ms).ok());
}

TEST_CASE("Loop: a source may close itself while it runs") {
  LoopFixture fixture;
  Pipe pipe = make_pipe();
  write_byte(pipe.writer.get());
  Token token;
  int calls = 0;
  token = register_callback(fixture, pipe.reader.get(), [&] {
    ++calls;
    fixture.loop->registry().deregister(token);
    pipe.reader.reset();
    ++calls;  // the source is still there
  });
  fixture.turn();
  fixture.turn();
  CHECK(calls == 2);
  CHECK(fixture.loop->registry().size() == 0);
}

TEST_CASE("Loop: an event of a source that was closed in the same batch is dropped") {
  LoopFixture fixture;
  const Pipe first = make_pipe();
  const Pipe second = make_pipe();
  write_byte(first.writer.get());
  write_byte(second.writer.get());
  Token tokens[2];
  int calls = 0;
  tokens[0] = register_callback(fixture, first.reader.get(), [&] {
    ++calls;
    fixture.loop->registry().deregister(tokens[1]);
  });
  tokens[1] = register_callback(fixture, second.reader.get(), [&] {
    ++calls;
    fixture.loop->registry().deregister(tokens[0]);
  });
  fixture.turn();
  CHECK(calls == 1);
}

TEST_CASE("Loop: a source registered under a reused number gets no event of the old batch") {
  LoopFixture fixture;
  const Pipe first = make_pipe();
  Pipe second = make_pipe();
  const Pipe fresh = make_pipe();
  write_byte(first.writer.get());
  write_byte(second.writer.get());
  const int number = second.reader.get();
  Token old;
  int wrong_calls = 0;
  int right_calls = 0;
  readyloop::base::Fd reused;
  const auto replace = [&] {
    ++right_calls;
    if (!fixture.loop->registry().deregister(old)) return;
    second.reader.reset();
    reused = duplicate_as(fresh.reader.get(), number);
    register_callback(fixture, number, [&] { ++wrong_calls; });
  };
  register_callback(fixture, first.reader.get(), replace);
  old = register_callback(fixture, number, [] {});
  fixture.turn();
  fixture.turn();
  CHECK(right_calls == 2);
  CHECK(wrong_calls == 0);
}

TEST_CASE("Loop: a source appends records to the queue of its loop") {
  LoopFixture fixture;
  const Pipe pipe = make_pipe();
  write_byte(pipe.writer.get());
  register_callback(fixture, pipe.reader.get(), [&] {
    read_byte(pipe.reader.get());
    fixture.loop->queue().append(Record{8, 9, 10, 11});
  });
  const auto records = fixture.turn();
  REQUIRE(records.size() == 1);
  CHECK(records[0].b == 11);
}

TEST_CASE("Loop: has a descriptor to poll, or says what to poll instead") {
  LoopFixture fixture;
  CHECK(fixture.loop->selector_name() == make_selector()->name());
  const Pipe pipe = make_pipe();
  REQUIRE(fixture.loop->watch(pipe.reader.get(), Direction::kRead, 1, 1, Repeat::kOnce).ok());
  std::vector<pollfd> polled;
  fixture.loop->append_pollfds(polled);
  if (fixture.loop->descriptor() < 0) {
    CHECK(polled.size() == 2);  // the waker and the pipe
  } else {
    CHECK(polled.empty());
  }
}
