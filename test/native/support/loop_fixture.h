// A loop on the selector under test, with a clock that stands still and a drain that plays TypeScript.
// Members are destroyed in the reverse order: the loop before the memory and the clock that it uses.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "loop/loop.h"
#include "support/disturbance.h"
#include "support/ring_memory.h"
#include "support/selectors.h"

namespace readyloop::test {

struct LoopFixture {
  explicit LoopFixture(std::uint32_t capacity = 64, std::unique_ptr<selector::Selector> chosen = make_selector(),
                       const base::Syscalls& syscalls = base::kSyscalls)
      : memory(capacity), loop(make_loop(std::move(chosen), syscalls)), drain(memory, *loop) {}

  // One turn without waiting, and the records that it left.
  std::vector<loop::Record> turn() {
    until_undisturbed([this] { REQUIRE(loop->run_once(base::Duration::zero()).ok()); });
    return drain.consume_all();
  }

  std::unique_ptr<loop::Loop> make_loop(std::unique_ptr<selector::Selector> chosen, const base::Syscalls& syscalls) {
    auto waker = make_waker(*chosen);
    auto created = loop::Loop::create(std::move(chosen), std::move(waker), memory.ring(), clock, syscalls);
    REQUIRE(created.ok());
    return created.take();
  }

  RingMemory memory;
  base::ManualClock clock{base::Instant{1'000'000'000}};
  std::unique_ptr<loop::Loop> loop;
  SimulatedDrain<loop::Loop> drain;
};

}  // namespace readyloop::test
