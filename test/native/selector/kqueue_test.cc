// The kqueue selector against a scripted kernel. Events that a real kernel gives rarely are given here at will.
#include "selector/kqueue.h"

#include <doctest/doctest.h>

#include "support/scripted_kqueue.h"
#include "support/selectors.h"

using namespace readyloop::selector;
using namespace readyloop::test;
using readyloop::base::Duration;
using readyloop::base::Token;

namespace {

constexpr Interest kReadOnce{true, false, Mode::kOneShot};
constexpr Interest kWriteOnce{false, true, Mode::kOneShot};
constexpr Interest kBothOnce{true, true, Mode::kOneShot};
constexpr Interest kBothLevel{true, true, Mode::kLevel};
constexpr Token kFirst{1, 10};
constexpr Token kSecond{2, 20};
constexpr int kFd = 7;

std::unique_ptr<Selector> open_scripted() {
  kernel = ScriptedKernel{};
  auto opened = KqueueSelector::open(kKqueueSyscalls);
  REQUIRE(opened.ok());
  return opened.take();
}

std::unique_ptr<Selector> open_with(Interest interest) {
  auto selector = open_scripted();
  REQUIRE(selector->register_fd(kFd, kFirst, interest).ok());
  return selector;
}

}  // namespace

TEST_CASE("KqueueSelector: without descriptors the failure is reported") {
  kernel = ScriptedKernel{};
  kernel.fail_open_with = EMFILE;
  CHECK(KqueueSelector::open(kKqueueSyscalls).error() == EMFILE);
}

TEST_CASE("KqueueSelector: every change asks for a receipt") {
  auto selector = open_with(kBothOnce);
  REQUIRE(selector->modify_fd(kFd, kFirst, kReadOnce).ok());
  REQUIRE(selector->deregister_fd(kFd).ok());
  CHECK(kernel.changes.size() == 5);
  for (const auto& change : kernel.changes) CHECK((change.flags & EV_RECEIPT) != 0);
  CHECK(kernel.filters.empty());
}

TEST_CASE("KqueueSelector: an empty interest asks the kernel for nothing") {
  auto selector = open_scripted();
  kernel.fail_next_with = EBADF;
  CHECK(selector->register_fd(kFd, kFirst, Interest{}).ok());
  CHECK(selector->modify_fd(kFd, kFirst, Interest{}).ok());
  CHECK(selector->deregister_fd(kFd).ok());
  CHECK(kernel.fail_next_with == EBADF);
}

TEST_CASE("KqueueSelector: level interest reports while it holds, one-shot once until armed again") {
  auto selector = open_with(kReadOnce);
  REQUIRE(selector->register_fd(kFd + 1, kSecond, Interest{true, false, Mode::kLevel}).ok());
  kernel.make_ready(kFd, EVFILT_READ);
  kernel.make_ready(kFd + 1, EVFILT_READ);
  CHECK(poll_now(*selector).size() == 2);
  const auto second = poll_now(*selector);
  REQUIRE(second.size() == 1);
  CHECK(second[0].token == kSecond);
  REQUIRE(selector->modify_fd(kFd, kFirst, kReadOnce).ok());
  CHECK(poll_now(*selector).size() == 2);
}

TEST_CASE("KqueueSelector: the events of both filters are one event, in the place of the first") {
  auto selector = open_with(kBothLevel);
  REQUIRE(selector->register_fd(kFd + 1, kSecond, kBothLevel).ok());
  for (const int filter : {EVFILT_READ, EVFILT_WRITE}) {
    kernel.make_ready(kFd, filter);
    kernel.make_ready(kFd + 1, filter);
  }
  for (int batch = 0; batch < 2; ++batch) {
    const auto ready = poll_now(*selector);
    REQUIRE(ready.size() == 2);
    CHECK(ready[0].token == kFirst);
    CHECK(ready[1].token == kSecond);
    for (const Event& event : ready) CHECK(event.readiness.bits == (kReadable | kWritable));
  }
}

TEST_CASE("KqueueSelector: a half-closed peer is no hang-up") {
  auto selector = open_with(kBothLevel);
  kernel.make_ready(kFd, EVFILT_READ, EV_EOF);
  CHECK(poll_now(*selector)[0].readiness.bits == kReadable);
  kernel.make_ready(kFd, EVFILT_WRITE);
  CHECK(poll_now(*selector)[0].readiness.bits == (kReadable | kWritable));
}

TEST_CASE("KqueueSelector: both directions at their end are a hang-up") {
  auto selector = open_with(kBothLevel);
  kernel.make_ready(kFd, EVFILT_READ, EV_EOF);
  kernel.make_ready(kFd, EVFILT_WRITE, EV_EOF);
  CHECK(poll_now(*selector)[0].readiness.bits == (kReadable | kWritable | kHangup));
}

TEST_CASE("KqueueSelector: an error wakes both directions") {
  auto selector = open_with(kBothOnce);
  kernel.make_ready(kFd, EVFILT_READ, EV_EOF, ECONNRESET);
  const auto ready = poll_now(*selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].readiness.bits == (kReadable | kError));
  CHECK(ready[0].readiness.for_writer().any());
}

TEST_CASE("KqueueSelector: modifying adds what is new, enables what is there, deletes what is not wanted") {
  auto selector = open_with(kReadOnce);
  REQUIRE(selector->modify_fd(kFd, kFirst, kBothOnce).ok());
  CHECK(kernel.has(kFd, EVFILT_WRITE));
  REQUIRE(selector->modify_fd(kFd, kFirst, kWriteOnce).ok());
  CHECK_FALSE(kernel.has(kFd, EVFILT_READ));
  kernel.make_ready(kFd, EVFILT_WRITE);
  CHECK(poll_now(*selector).size() == 1);
}

TEST_CASE("KqueueSelector: a reused number is found out, whichever direction is asked for") {
  for (const Interest interest : {kReadOnce, kWriteOnce, kBothOnce}) {
    auto selector = open_with(kReadOnce);
    kernel.close(kFd);
    CHECK(selector->modify_fd(kFd, kFirst, interest).error() == ENOENT);
    REQUIRE(selector->deregister_fd(kFd).ok());
    CHECK(kernel.filters.empty());
    REQUIRE(selector->register_fd(kFd, kSecond, kReadOnce).ok());
    kernel.make_ready(kFd, EVFILT_READ);
    CHECK(poll_now(*selector)[0].token == kSecond);
  }
}

TEST_CASE("KqueueSelector: a closed descriptor cannot be modified or registered") {
  auto selector = open_with(kReadOnce);
  kernel.close(kFd);
  kernel.closed.push_back(kFd);
  CHECK(selector->modify_fd(kFd, kFirst, kReadOnce).error() == EBADF);
  CHECK(selector->register_fd(kFd, kSecond, kReadOnce).error() == EBADF);
  CHECK(selector->register_fd(-1, kSecond, kReadOnce).error() == EBADF);
  CHECK(selector->modify_fd(kFd + 1, kFirst, kReadOnce).error() == ENOENT);
}

TEST_CASE("KqueueSelector: deregistering a closed descriptor is no error, another failure is one") {
  auto selector = open_with(kBothOnce);
  kernel.close(kFd);
  CHECK(selector->deregister_fd(kFd).ok());
  CHECK(selector->deregister_fd(kFd).ok());
  CHECK(selector->deregister_fd(kFd + 1000).ok());

  selector = open_with(kBothOnce);
  kernel.closed.push_back(kFd);
  CHECK(selector->deregister_fd(kFd).ok());

  selector = open_with(kReadOnce);
  kernel.fail_next_with = ENOMEM;
  CHECK(selector->deregister_fd(kFd).error() == ENOMEM);
}

TEST_CASE("KqueueSelector: passes EPIPE on and leaves nothing behind") {
  auto selector = open_scripted();
  kernel.refusals[{kFd, EVFILT_WRITE}] = EPIPE;
  CHECK(selector->register_fd(kFd, kFirst, kBothOnce).error() == EPIPE);
  CHECK(kernel.filters.empty());
}

TEST_CASE("KqueueSelector: a refused write filter leaves the read filter armed") {
  auto selector = open_with(kReadOnce);
  kernel.refusals[{kFd, EVFILT_WRITE}] = EPIPE;
  CHECK(selector->modify_fd(kFd, kFirst, kBothOnce).error() == EPIPE);
  kernel.make_ready(kFd, EVFILT_READ);
  CHECK(poll_now(*selector).size() == 1);
  CHECK(selector->modify_fd(kFd, kFirst, kReadOnce).ok());
  CHECK(selector->modify_fd(kFd, kFirst, kBothOnce).error() == EPIPE);
}

TEST_CASE("KqueueSelector: registering again replaces the token and the filters") {
  auto selector = open_with(kBothOnce);
  REQUIRE(selector->register_fd(kFd, kSecond, kReadOnce).ok());
  CHECK_FALSE(kernel.has(kFd, EVFILT_WRITE));
  kernel.make_ready(kFd, EVFILT_READ);
  CHECK(poll_now(*selector)[0].token == kSecond);
}

TEST_CASE("KqueueSelector: takes an interrupted change for applied") {
  auto selector = open_scripted();
  kernel.fail_next_with = EINTR;
  CHECK(selector->register_fd(kFd, kFirst, kReadOnce).ok());
  CHECK(kernel.has(kFd, EVFILT_READ));
}

TEST_CASE("KqueueSelector: a change that fails as a whole is reported") {
  auto selector = open_scripted();
  kernel.fail_next_with = ENOMEM;
  CHECK(selector->register_fd(kFd, kFirst, kReadOnce).error() == ENOMEM);
}

TEST_CASE("KqueueSelector: an interrupted wait is a wait without events, another failure is reported") {
  auto selector = open_with(kReadOnce);
  std::vector<Event> ready(2);
  kernel.fail_next_with = EINTR;
  CHECK(selector->select(Duration(1), ready).ok());
  CHECK(ready.empty());
  kernel.fail_next_with = EBADF;
  CHECK(selector->select(Duration(1), ready).error() == EBADF);
}

TEST_CASE("KqueueSelector: waits in nanoseconds") {
  auto selector = open_scripted();
  std::vector<Event> ready;
  REQUIRE(selector->select(std::chrono::seconds(3) + Duration(7), ready).ok());
  CHECK(kernel.last_timeout.tv_sec == 3);
  CHECK(kernel.last_timeout.tv_nsec == 7);
}
