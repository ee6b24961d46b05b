// Randomness for model tests: one seed for the run, printed, and taken from READYLOOP_SEED to repeat a failure.
// Nothing else in the tests is random.
#pragma once

#include <random>

namespace readyloop::test {

// A generator that starts from the run's seed.
[[nodiscard]] std::mt19937_64 make_random();

// A number from 0 to limit - 1.
[[nodiscard]] std::uint32_t below(std::mt19937_64& random, std::uint32_t limit);

}  // namespace readyloop::test
