// The seed is chosen at the first use, so that programs that need no randomness print none.
// Every generator starts from it, which keeps a failing case repeatable on its own.
#include "support/seed.h"

#include <cstdio>
#include <cstdlib>

namespace readyloop::test {

namespace {

std::uint64_t choose_seed() {
  const char* chosen = std::getenv("READYLOOP_SEED");
  const std::uint64_t seed = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device()();
  std::printf("READYLOOP_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace

std::mt19937_64 make_random() {
  static const std::uint64_t seed = choose_seed();
  return std::mt19937_64(seed);
}

std::uint32_t below(std::mt19937_64& random, std::uint32_t limit) {
  return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random);
}

}  // namespace readyloop::test
