// The contract that all backends keep, on real descriptors. What only one of them does is in that one's own test.
#include "selector/selector.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include "support/descriptors.h"
#include "support/selectors.h"

using namespace readyloop::selector;
using namespace readyloop::test;
using readyloop::base::Duration;
using readyloop::base::Pipe;
using readyloop::base::Token;

namespace {

constexpr Interest kReadLevel{true, false, Mode::kLevel};
constexpr Interest kReadOnce{true, false, Mode::kOneShot};
constexpr Interest kWriteOnce{false, true, Mode::kOneShot};
constexpr Interest kBothOnce{true, true, Mode::kOneShot};
constexpr Token kFirst{1, 10};
constexpr Token kSecond{2, 20};

}  // namespace

TEST_CASE("Selector: is created by name") {
  CHECK(make_selector()->name() == (selector_name().empty() ? Selector::names().front() : selector_name()));
  CHECK(Selector::create("poll").value()->name() == "poll");
  CHECK(Selector::create("").value()->name() == Selector::names().front());
  CHECK(Selector::create("select").error() == EINVAL);
}

TEST_CASE("Selector: names those of this build and refuses those of others") {
  for (const std::string_view name : {"epoll", "kqueue", "poll"}) {
    bool listed = false;
    for (const std::string_view known : Selector::names()) listed = listed || known == name;
    const auto created = Selector::create(name);
    CHECK(created.ok() == listed);
    if (!listed) CHECK(created.error() == ENOSYS);
  }
}

TEST_CASE("Selector: without descriptors creation fails and says why") {
  const NoMoreDescriptors limit;
  const auto created = Selector::create(selector_name());
  if (created.ok()) {
    CHECK(selector_name() == "poll");
  } else {
    CHECK(created.error() == EMFILE);
  }
}

TEST_CASE("Selector: level interest reports as long as there is something to read") {
  auto selector = make_selector();
  const Pipe pipe = make_pipe();
  REQUIRE(selector->register_fd(pipe.reader.get(), kFirst, kReadLevel).ok());
  CHECK(poll_now(*selector).empty());
  write_byte(pipe.writer.get());
  for (int i = 0; i < 2; ++i) {
    const auto ready = poll_now(*selector);
    REQUIRE(ready.size() == 1);
    CHECK(ready[0].token == kFirst);
    CHECK(ready[0].readiness.bits == kReadable);
  }
  read_byte(pipe.reader.get());
  CHECK(poll_now(*selector).empty());
}

TEST_CASE("Selector: edge interest in another selector reports each thing that happens, or is refused") {
  auto selector = make_selector();
  auto inner = make_selector();
  const Pipe unread = make_pipe();
  const Pipe later = make_pipe();
  const Interest edge{true, false, Mode::kEdge};
  if (selector->name() != "epoll") {
    CHECK(selector->register_fd(unread.reader.get(), kSecond, edge).error() == ENOTSUP);
    return;
  }
  REQUIRE(inner->register_fd(unread.reader.get(), kFirst, kReadLevel).ok());
  REQUIRE(inner->register_fd(later.reader.get(), kFirst, kReadLevel).ok());
  write_byte(unread.writer.get());
  REQUIRE(selector->register_fd(inner->descriptor(), kSecond, edge).ok());
  CHECK(poll_now(*selector).size() == 1);
  CHECK(poll_now(*selector).empty());
  // Nobody has looked into the inner selector since.
  for (const Pipe* pipe : {&later, &unread}) {
    write_byte(pipe->writer.get());
    CHECK(poll_now(*selector).size() == 1);
    CHECK(poll_now(*selector).empty());
  }
}

TEST_CASE("Selector: one-shot interest reports once until it is armed again") {
  auto selector = make_selector();
  const Pipe pipe = make_pipe();
  REQUIRE(selector->register_fd(pipe.reader.get(), kFirst, kReadOnce).ok());
  write_byte(pipe.writer.get());
  CHECK(poll_now(*selector).size() == 1);
  CHECK(poll_now(*selector).empty());
  REQUIRE(selector->modify_fd(pipe.reader.get(), kFirst, kReadOnce).ok());
  CHECK(poll_now(*selector).size() == 1);
}

TEST_CASE("Selector: a level registration can be paused and resumed") {
  auto selector = make_selector();
  const Pipe pipe = make_pipe();
  write_byte(pipe.writer.get());
  REQUIRE(selector->register_fd(pipe.reader.get(), kFirst, kReadLevel).ok());
  REQUIRE(selector->modify_fd(pipe.reader.get(), kFirst, Interest{false, false, Mode::kLevel}).ok());
  CHECK(poll_now(*selector).empty());
  REQUIRE(selector->modify_fd(pipe.reader.get(), kFirst, kReadLevel).ok());
  CHECK(poll_now(*selector).size() == 1);
}

TEST_CASE("Selector: both directions of a descriptor are one event") {
  auto selector = make_selector();
  const SocketPair pair = make_socket_pair();
  write_byte(pair.right.get());
  REQUIRE(selector->register_fd(pair.left.get(), kFirst, kBothOnce).ok());
  const auto ready = poll_now(*selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].readiness.bits == (kReadable | kWritable));
}

TEST_CASE("Selector: modifying changes the direction") {
  auto selector = make_selector();
  const SocketPair pair = make_socket_pair();
  REQUIRE(selector->register_fd(pair.left.get(), kFirst, kReadOnce).ok());
  CHECK(poll_now(*selector).empty());
  REQUIRE(selector->modify_fd(pair.left.get(), kFirst, kWriteOnce).ok());
  const auto ready = poll_now(*selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].readiness.bits == kWritable);
}

TEST_CASE("Selector: each descriptor reports under its own token") {
  auto selector = make_selector();
  const Pipe first = make_pipe();
  const Pipe second = make_pipe();
  REQUIRE(selector->register_fd(first.reader.get(), kFirst, kReadLevel).ok());
  REQUIRE(selector->register_fd(second.reader.get(), kSecond, kReadLevel).ok());
  write_byte(second.writer.get());
  const auto ready = poll_now(*selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].token == kSecond);
}

TEST_CASE("Selector: a deregistered descriptor is silent, and the others are not") {
  auto selector = make_selector();
  const Pipe first = make_pipe();
  const Pipe second = make_pipe();
  write_byte(first.writer.get());
  write_byte(second.writer.get());
  REQUIRE(selector->register_fd(first.reader.get(), kFirst, kReadLevel).ok());
  REQUIRE(selector->register_fd(second.reader.get(), kSecond, kReadLevel).ok());
  REQUIRE(selector->deregister_fd(first.reader.get()).ok());
  const auto ready = poll_now(*selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].token == kSecond);
}

TEST_CASE("Selector: deregistering twice, or after the close, is no error") {
  auto selector = make_selector();
  Pipe pipe = make_pipe();
  const int number = pipe.reader.get();
  REQUIRE(selector->register_fd(number, kFirst, kReadLevel).ok());
  pipe.reader.reset();
  CHECK(selector->deregister_fd(number).ok());
  CHECK(selector->deregister_fd(number).ok());
}

TEST_CASE("Selector: the end of a pipe wakes its reader") {
  auto selector = make_selector();
  Pipe pipe = make_pipe();
  REQUIRE(selector->register_fd(pipe.reader.get(), kFirst, kReadOnce).ok());
  pipe.writer.reset();
  const auto ready = poll_now(*selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].readiness.for_reader().any());
}

TEST_CASE("Selector: the loss of its reader wakes the writer of a full pipe") {
  auto selector = make_selector();
  Pipe pipe = make_pipe();
  fill(pipe.writer.get());
  REQUIRE(selector->register_fd(pipe.writer.get(), kFirst, kWriteOnce).ok());
  CHECK(poll_now(*selector).empty());
  pipe.reader.reset();
  const auto ready = poll_now(*selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].readiness.for_writer().any());
}

TEST_CASE("Selector: a reset connection wakes both directions") {
  auto selector = make_selector();
  SocketPair pair = make_tcp_pair();
  REQUIRE(selector->register_fd(pair.left.get(), kFirst, kBothOnce).ok());
  close_with_reset(pair.right);
  const auto ready = poll_now(*selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].readiness.for_reader().any());
  CHECK(ready[0].readiness.for_writer().any());
  CHECK((ready[0].readiness.bits & kError) != 0);
}

TEST_CASE("Selector: a peer that finished sending does not wake a writer without room") {
  auto selector = make_selector();
  const SocketPair pair = make_socket_pair();
  fill(pair.left.get());
  REQUIRE(selector->register_fd(pair.left.get(), kFirst, kBothOnce).ok());
  REQUIRE(::shutdown(pair.right.get(), SHUT_WR) == 0);
  const auto ready = poll_now(*selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].readiness.for_reader().any());
  CHECK_FALSE(ready[0].readiness.for_writer().any());
}

TEST_CASE("Selector: registering again replaces the token") {
  auto selector = make_selector();
  const Pipe pipe = make_pipe();
  write_byte(pipe.writer.get());
  REQUIRE(selector->register_fd(pipe.reader.get(), kFirst, kReadLevel).ok());
  REQUIRE(selector->register_fd(pipe.reader.get(), kSecond, kReadLevel).ok());
  const auto ready = poll_now(*selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].token == kSecond);
}

TEST_CASE("Selector: a reused number is not the registered descriptor") {
  if (!tells_files_apart()) return;
  auto selector = make_selector();
  Pipe old = make_pipe();
  const Pipe fresh = make_pipe();
  const int number = old.reader.get();
  REQUIRE(selector->register_fd(number, kFirst, kReadOnce).ok());
  old.reader.reset();
  const auto reused = duplicate_as(fresh.reader.get(), number);
  write_byte(fresh.writer.get());
  CHECK(poll_now(*selector).empty());
  CHECK(selector->modify_fd(number, kFirst, kReadOnce).error() == ENOENT);
  REQUIRE(selector->register_fd(number, kSecond, kReadOnce).ok());
  const auto ready = poll_now(*selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].token == kSecond);
}

TEST_CASE("Selector: its own descriptor polls readable while an event waits") {
  auto selector = make_selector();
  const Pipe pipe = make_pipe();
  REQUIRE(selector->register_fd(pipe.reader.get(), kFirst, kReadLevel).ok());
  if (selector->descriptor() < 0) {
    CHECK(selector->name() == "poll");
    return;
  }
  pollfd own{selector->descriptor(), POLLIN, 0};
  CHECK(::poll(&own, 1, 0) == 0);
  write_byte(pipe.writer.get());
  CHECK(::poll(&own, 1, 0) == 1);
}

TEST_CASE("Selector: waits for the event and returns before the limit") {
  auto selector = make_selector();
  const Pipe pipe = make_pipe();
  REQUIRE(selector->register_fd(pipe.reader.get(), kFirst, kReadLevel).ok());
  write_byte(pipe.writer.get());
  std::vector<Event> ready;
  REQUIRE(selector->select(std::chrono::hours(24), ready).ok());
  CHECK(ready.size() == 1);
}

TEST_CASE("Selector: a wait without events ends after its span, not before") {
  auto selector = make_selector();
  std::vector<Event> ready(3);
  const auto begin = std::chrono::steady_clock::now();
  // real time: the span of a select is the subject; a quarter of a millisecond is enough to see rounding down.
  REQUIRE(selector->select(std::chrono::microseconds(250), ready).ok());
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::microseconds(250));
  CHECK(ready.empty());
}
