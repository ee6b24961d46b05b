// What is particular to epoll, with system calls that fail on demand. Always about epoll, whatever selector the run is
// for.
#include "selector/epoll.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "support/descriptors.h"
#include "support/selectors.h"

using namespace readyloop::selector;
using namespace readyloop::test;
using readyloop::base::Duration;
using readyloop::base::Fd;
using readyloop::base::Pipe;
using readyloop::base::Token;

namespace {

constexpr Interest kReadOnce{true, false, Mode::kOneShot};
constexpr Token kFirst{1, 10};
constexpr Token kSecond{2, 20};

// What the replaced calls do, and what they have seen.
struct Script {
  int wait_error = 0;
  int wait_ns_error = 0;
  int waits = 0;
  int waits_ns = 0;
  int last_timeout_ms = -1;
  KernelTimespec last_timeout{};
};
Script script;

int fail_with(int error) {
  errno = error;
  return -1;
}

const EpollSyscalls kScripted = {
    kEpollSyscalls.create,
    kEpollSyscalls.ctl,
    [](int epoll, epoll_event* events, int capacity, int timeout_ms) noexcept -> int {
      ++script.waits;
      script.last_timeout_ms = timeout_ms;
      return script.wait_error != 0 ? fail_with(script.wait_error) : kEpollSyscalls.wait(epoll, events, capacity, 0);
    },
    [](int epoll, epoll_event* events, int capacity, const KernelTimespec* timeout) noexcept -> int {
      ++script.waits_ns;
      script.last_timeout = *timeout;
      return script.wait_ns_error != 0 ? fail_with(script.wait_ns_error)
                                       : kEpollSyscalls.wait(epoll, events, capacity, 0);
    },
    kEpollSyscalls.create_event,
};

std::unique_ptr<Selector> open_scripted(const Script& begin) {
  script = begin;
  auto opened = EpollSelector::open(kScripted);
  REQUIRE(opened.ok());
  return opened.take();
}

}  // namespace

TEST_CASE("EpollSelector: waits in nanoseconds where the kernel can") {
  auto selector = open_scripted({});
  std::vector<Event> ready;
  REQUIRE(selector->select(Duration(1), ready).ok());
  CHECK(script.waits_ns == 1);
  CHECK(script.waits == 0);
}

TEST_CASE("EpollSelector: the kernel is told of a wait longer than 32 bits of seconds") {
  auto selector = open_scripted({});
  std::vector<Event> ready;
  REQUIRE(selector->select(std::chrono::seconds(5'000'000'000) + Duration(7), ready).ok());
  CHECK(script.last_timeout.seconds == 5'000'000'000);
  CHECK(script.last_timeout.nanoseconds == 7);
  static_assert(sizeof(KernelTimespec) == 16, "on machines of 32 bits as well");
}

TEST_CASE("EpollSelector: falls back to milliseconds, rounded up, for good") {
  for (const int error : {ENOSYS, EPERM}) {
    Script begin;
    begin.wait_ns_error = error;
    auto selector = open_scripted(begin);
    const Pipe pipe = make_pipe();
    write_byte(pipe.writer.get());
    REQUIRE(selector->register_fd(pipe.reader.get(), kFirst, kReadOnce).ok());
    std::vector<Event> ready;
    REQUIRE(selector->select(Duration(1), ready).ok());
    CHECK(ready.size() == 1);
    REQUIRE(selector->select(std::chrono::microseconds(1500), ready).ok());
    CHECK(script.waits_ns == 1);
    CHECK(script.waits == 2);
    CHECK(script.last_timeout_ms == 2);
  }
}

TEST_CASE("EpollSelector: an interrupted wait is a wait without events") {
  Script begin;
  begin.wait_error = EINTR;
  begin.wait_ns_error = EINTR;
  auto selector = open_scripted(begin);
  std::vector<Event> ready(2);
  CHECK(selector->select(Duration::zero(), ready).ok());
  CHECK(ready.empty());
  ready.resize(2);
  CHECK(selector->select(Duration(1), ready).ok());
  CHECK(ready.empty());
}

TEST_CASE("EpollSelector: any other failure of a wait is reported") {
  Script begin;
  begin.wait_error = EBADF;
  auto selector = open_scripted(begin);
  std::vector<Event> ready;
  CHECK(selector->select(Duration::zero(), ready).error() == EBADF);
}

TEST_CASE("EpollSelector: replaces a registration that came back under its number") {
  auto opened = EpollSelector::open(kEpollSyscalls);
  Selector& selector = *opened.value();
  Pipe pipe = make_pipe();
  const Fd kept(::fcntl(pipe.reader.get(), F_DUPFD_CLOEXEC, 0));
  const int number = pipe.reader.get();
  REQUIRE(selector.register_fd(number, kFirst, kReadOnce).ok());
  pipe.reader.reset();
  const Fd back = duplicate_as(kept.get(), number);
  REQUIRE(selector.register_fd(number, kSecond, kReadOnce).ok());
  write_byte(pipe.writer.get());
  const auto ready = poll_now(selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].token == kSecond);
}

TEST_CASE("EpollSelector: a forgotten duplicate reports once under the old token, and cannot spin") {
  auto opened = EpollSelector::open(kEpollSyscalls);
  Selector& selector = *opened.value();
  Pipe old = make_pipe();
  const Pipe fresh = make_pipe();
  const Fd duplicate(::fcntl(old.reader.get(), F_DUPFD_CLOEXEC, 0));
  const int number = old.reader.get();
  REQUIRE(selector.register_fd(number, kFirst, kReadOnce).ok());
  old.reader.reset();
  const Fd reused = duplicate_as(fresh.reader.get(), number);
  CHECK(selector.modify_fd(number, kFirst, kReadOnce).error() == ENOENT);
  REQUIRE(selector.register_fd(number, kSecond, kReadOnce).ok());
  write_byte(old.writer.get());
  const auto ready = poll_now(selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].token == kFirst);
  CHECK(poll_now(selector).empty());
}

TEST_CASE("EpollSelector: deregistering a closed descriptor is no error, whatever its number is now") {
  auto opened = EpollSelector::open(kEpollSyscalls);
  Selector& selector = *opened.value();
  const Pipe fresh = make_pipe();
  const Fd directory(::open("/", O_RDONLY | O_CLOEXEC));
  for (const int tenant : {-1, fresh.reader.get(), directory.get()}) {
    Pipe old = make_pipe();
    const int number = old.reader.get();
    REQUIRE(selector.register_fd(number, kFirst, kReadOnce).ok());
    old.reader.reset();
    const Fd reused = tenant < 0 ? Fd() : duplicate_as(tenant, number);
    CHECK(selector.deregister_fd(number).ok());
  }
}

TEST_CASE("EpollSelector: refuses what cannot be polled") {
  auto opened = EpollSelector::open(kEpollSyscalls);
  const Fd directory(::open("/", O_RDONLY | O_CLOEXEC));
  CHECK(opened.value()->register_fd(directory.get(), kFirst, kReadOnce).error() == EPERM);
  CHECK(opened.value()->register_fd(-1, kFirst, kReadOnce).error() == EBADF);
}

TEST_CASE("EpollSelector: is not inherited by a program that is executed") {
  auto opened = EpollSelector::open(kEpollSyscalls);
  CHECK((::fcntl(opened.value()->descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
}
