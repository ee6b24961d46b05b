// One of the threads that keep the host busy: for a bounded time it posts random commands, writes into pipes and wakes
// the loop for nothing. It waits for nobody.
#pragma once

#include <chrono>
#include <cstdint>

#include "stress_host.h"

namespace readyloop::stress {

// Runs on the thread of client `index`, until `end`.
void run_client(Host& host, std::uint32_t index, std::uint32_t seed, std::chrono::steady_clock::time_point end);

}  // namespace readyloop::stress
