// EVFILT_USER against a scripted kernel. Wake-ups from threads are waker_test's, which the kqueue build runs too.
#include "selector/waker_kqueue.h"

#include <doctest/doctest.h>

#include "support/scripted_kqueue.h"
#include "selector/kqueue.h"
#include "support/selectors.h"

using namespace readyloop::selector;
using namespace readyloop::test;
using readyloop::base::Token;

namespace {

constexpr Token kToken{9, 9};

struct Fixture {
  Fixture() {
    kernel = ScriptedKernel{};
    selector = KqueueSelector::open(kKqueueSyscalls).take();
    waker = std::make_unique<KqueueWaker>(selector->descriptor(), kKqueueSyscalls);
  }

  std::unique_ptr<Selector> selector;
  std::unique_ptr<Waker> waker;
};

}  // namespace

TEST_CASE("KqueueWaker: any number of wake-ups is one event and one trigger") {
  Fixture fixture;
  REQUIRE(fixture.waker->attach(*fixture.selector, kToken).ok());
  kernel.changes.clear();
  for (int i = 0; i < 10; ++i) fixture.waker->wake();
  CHECK(kernel.changes.size() == 1);
  const auto ready = poll_now(*fixture.selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].token == kToken);
  CHECK(poll_now(*fixture.selector).empty());
}

TEST_CASE("KqueueWaker: a trigger keeps the token") {
  Fixture fixture;
  REQUIRE(fixture.waker->attach(*fixture.selector, kToken).ok());
  fixture.waker->wake();
  const auto ready = poll_now(*fixture.selector);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].token == kToken);
}

TEST_CASE("KqueueWaker: wakes again after each drain") {
  Fixture fixture;
  REQUIRE(fixture.waker->attach(*fixture.selector, kToken).ok());
  for (int i = 0; i < 3; ++i) {
    fixture.waker->wake();
    CHECK(poll_now(*fixture.selector).size() == 1);
    fixture.waker->drain();
  }
}

TEST_CASE("KqueueWaker: an interrupted trigger was applied, and errno is kept") {
  Fixture fixture;
  REQUIRE(fixture.waker->attach(*fixture.selector, kToken).ok());
  kernel.fail_next_with = EINTR;
  errno = EDOM;
  fixture.waker->wake();
  CHECK(errno == EDOM);
  CHECK(poll_now(*fixture.selector).size() == 1);
}

TEST_CASE("KqueueWaker: a refused attachment is reported") {
  Fixture fixture;
  kernel.fail_next_with = ENOMEM;
  CHECK(fixture.waker->attach(*fixture.selector, kToken).error() == ENOMEM);
  kernel.refusals[{1, EVFILT_USER}] = EINVAL;
  CHECK(fixture.waker->attach(*fixture.selector, kToken).error() == EINVAL);
}
