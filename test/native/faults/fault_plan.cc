// The choices. See fault_plan.h.
#include "faults/fault_plan.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace readyloop::faults {

namespace {

struct Plan {
  std::uint64_t seed = 0;
  std::uint64_t rate = 0;  // among a thousand
  bool interruptions = false;
  bool failures = false;
};

Plan read_plan() noexcept {
  Plan plan;
  const char* seed = std::getenv("READYLOOP_FAULT_SEED");
  if (seed == nullptr) return plan;
  const char* rate = std::getenv("READYLOOP_FAULT_RATE");
  const char* kinds = std::getenv("READYLOOP_FAULT_KINDS");
  const std::string_view wanted = kinds == nullptr ? "interruptions" : kinds;
  plan.seed = std::strtoull(seed, nullptr, 10);
  plan.rate = rate == nullptr ? 50 : std::strtoull(rate, nullptr, 10);
  plan.interruptions = wanted.find("interruptions") != std::string_view::npos;
  plan.failures = wanted.find("failures") != std::string_view::npos;
  if (!plan.interruptions && !plan.failures) {
    std::fprintf(stderr, "READYLOOP_FAULT_KINDS is \"%s\": interruptions, failures or both were expected\n", kinds);
    std::abort();
  }
  return plan;
}

const Plan& plan() noexcept {
  static const Plan read = read_plan();
  return read;
}

std::atomic<std::uint64_t> calls{0};
std::atomic<std::uint64_t> faults{0};

// splitmix64 of the seed and the number of this choice.
std::uint64_t choice() noexcept {
  std::uint64_t value = plan().seed + 0x9e3779b97f4a7c15U * (calls.fetch_add(1, std::memory_order_relaxed) + 1);
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

bool strikes(bool is_wanted, std::uint64_t& rest) noexcept {
  if (!is_wanted || plan().rate == 0) return false;
  const std::uint64_t drawn = choice();
  rest = drawn / 1000;
  if (drawn % 1000 >= plan().rate) return false;
  faults.fetch_add(1, std::memory_order_relaxed);
  return true;
}

int pick(bool is_wanted, std::initializer_list<int> errors) noexcept {
  std::uint64_t rest = 0;
  return strikes(is_wanted, rest) ? errors.begin()[rest % errors.size()] : 0;
}

}  // namespace

int interruption(std::initializer_list<int> errors) noexcept { return pick(plan().interruptions, errors); }

int failure(std::initializer_list<int> errors) noexcept { return pick(plan().failures, errors); }

// Often a single byte: that is where a boundary is most likely to be missed.
std::size_t allowance(std::size_t size) noexcept {
  std::uint64_t rest = 0;
  if (size <= 1 || !strikes(plan().interruptions, rest)) return size;
  return rest % 2 == 0 ? 1 : 1 + (rest / 2) % (size - 1);
}

bool interrupts() noexcept {
  std::uint64_t rest = 0;
  return strikes(plan().interruptions, rest);
}

std::uint64_t injected() noexcept { return faults.load(std::memory_order_relaxed); }

}  // namespace readyloop::faults
