// The selector that this run of the tests is about: ctest names it in READYLOOP_SELECTOR. Without the variable it is
// the default of the build.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "selector/selector.h"
#include "selector/waker.h"
#include "support/disturbance.h"

namespace readyloop::test {

[[nodiscard]] inline std::string_view selector_name() {
  const char* name = std::getenv("READYLOOP_SELECTOR");
  return name != nullptr ? name : "";
}

[[nodiscard]] inline std::unique_ptr<selector::Selector> make_selector() {
  base::Result<std::unique_ptr<selector::Selector>> made = selector::Selector::create(selector_name());
  REQUIRE(made.ok());
  return made.take();
}

[[nodiscard]] inline std::unique_ptr<selector::Waker> make_waker(const selector::Selector& selector) {
  base::Result<std::unique_ptr<selector::Waker>> made = selector::Waker::create(selector);
  REQUIRE(made.ok());
  return made.take();
}

// What is ready now.
[[nodiscard]] inline std::vector<selector::Event> poll_now(selector::Selector& selector) {
  std::vector<selector::Event> ready;
  until_undisturbed([&] { REQUIRE(selector.select(base::Duration::zero(), ready).ok()); });
  return ready;
}

// poll(2) knows numbers, not files, so what depends on telling files apart is not asked of it.
[[nodiscard]] inline bool tells_files_apart() { return make_selector()->name() != "poll"; }

}  // namespace readyloop::test
