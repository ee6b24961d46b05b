// What is particular to poll(2), with a system call that fails on demand. Always about poll(2), whatever selector the
// run is for.
#include "selector/poll.h"

#include <doctest/doctest.h>

#include "support/descriptors.h"
#include "support/seed.h"
#include "support/selectors.h"

using namespace readyloop::selector;
using namespace readyloop::test;
using readyloop::base::Duration;
using readyloop::base::Pipe;
using readyloop::base::Token;

namespace {

constexpr Interest kReadOnce{true, false, Mode::kOneShot};
constexpr Interest kReadLevel{true, false, Mode::kLevel};
constexpr Token kFirst{1, 10};
constexpr Token kSecond{2, 20};

int scripted_error = 0;

const PollSyscalls kFailing = {
    [](pollfd*, nfds_t, Duration) noexcept -> int {
      errno = scripted_error;
      return -1;
    },
};

}  // namespace

TEST_CASE("PollSelector: an interrupted wait is a wait without events, another failure is reported") {
  PollSelector selector(kFailing);
  std::vector<Event> ready(2);
  scripted_error = EINTR;
  CHECK(selector.select(Duration(1), ready).ok());
  CHECK(ready.empty());
  scripted_error = ENOMEM;
  CHECK(selector.select(Duration(1), ready).error() == ENOMEM);
}

TEST_CASE("PollSelector: a closed descriptor is reported once, as gone, and forgotten") {
  PollSelector selector(kPollSyscalls);
  Pipe pipe = make_pipe();
  const Pipe other = make_pipe();
  const int number = pipe.reader.get();
  REQUIRE(selector.register_fd(number, kFirst, kReadLevel).ok());
  REQUIRE(selector.register_fd(other.reader.get(), kSecond, kReadLevel).ok());
  write_byte(other.writer.get());
  pipe.reader.reset();
  const auto ready = poll_now(selector);
  REQUIRE(ready.size() == 2);
  CHECK(ready[0].token == kFirst);
  CHECK(ready[0].readiness.bits == (kHangup | kError | kGone));
  REQUIRE(poll_now(selector).size() == 1);
  CHECK(selector.modify_fd(number, kFirst, kReadLevel).error() == ENOENT);
}

TEST_CASE("PollSelector: a disarmed or unknown descriptor costs no event and may be closed") {
  PollSelector selector(kPollSyscalls);
  Pipe pipe = make_pipe();
  REQUIRE(selector.register_fd(pipe.reader.get(), kFirst, kReadOnce).ok());
  write_byte(pipe.writer.get());
  CHECK(poll_now(selector).size() == 1);
  pipe.reader.reset();
  CHECK(poll_now(selector).empty());
  CHECK(selector.register_fd(-1, kFirst, kReadOnce).error() == EBADF);
}

TEST_CASE("PollSelector: tells another thread what it waits for") {
  PollSelector selector(kPollSyscalls);
  const Pipe armed = make_pipe();
  const Pipe disarmed = make_pipe();
  REQUIRE(selector.register_fd(armed.reader.get(), kFirst, kReadOnce).ok());
  REQUIRE(selector.register_fd(disarmed.reader.get(), kSecond, kReadOnce).ok());
  write_byte(disarmed.writer.get());
  CHECK(poll_now(selector).size() == 1);
  std::vector<pollfd> polled;
  selector.append_pollfds(polled);
  REQUIRE(polled.size() == 1);
  CHECK(polled[0].fd == armed.reader.get());
  CHECK(polled[0].events == POLLIN);
}

TEST_CASE("PollSelector: a list that names another file or another interest has another revision") {
  PollSelector selector(kPollSyscalls);
  const Pipe pipe = make_pipe();
  const int number = pipe.reader.get();
  std::vector<std::uint64_t> revisions{selector.pollfds_revision()};
  const auto note = [&] { revisions.push_back(selector.pollfds_revision()); };
  REQUIRE(selector.register_fd(number, kFirst, kReadOnce).ok());
  note();
  REQUIRE(selector.deregister_fd(number).ok());
  REQUIRE(selector.register_fd(number, kSecond, kReadOnce).ok());
  note();
  write_byte(pipe.writer.get());
  CHECK(poll_now(selector).size() == 1);
  note();
  REQUIRE(selector.modify_fd(number, kSecond, kReadOnce).ok());
  note();
  REQUIRE(selector.deregister_fd(number).ok());
  note();
  for (std::size_t i = 1; i < revisions.size(); ++i) CHECK(revisions[i] > revisions[i - 1]);
  CHECK(poll_now(selector).empty());
  CHECK(selector.pollfds_revision() == revisions.back());
}

TEST_CASE("PollSelector: finds its entries through random registering and deregistering") {
  auto random = make_random();
  PollSelector selector(kPollSyscalls);
  std::vector<Pipe> pipes;
  std::vector<bool> registered(16, false);
  for (int i = 0; i < 16; ++i) {
    pipes.push_back(make_pipe());
    write_byte(pipes.back().writer.get());
  }
  for (int step = 0; step < 5'000; ++step) {
    const std::uint32_t index = below(random, 16);
    const int fd = pipes[index].reader.get();
    if (registered[index]) {
      REQUIRE(selector.deregister_fd(fd).ok());
    } else {
      REQUIRE(selector.register_fd(fd, Token{index, 7}, kReadLevel).ok());
    }
    registered[index] = !registered[index];
    std::vector<bool> seen(16, false);
    for (const Event& event : poll_now(selector)) seen[event.token.slot] = true;
    REQUIRE(seen == registered);
  }
}
