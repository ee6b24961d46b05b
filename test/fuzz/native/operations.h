// How a fuzz target reads its input: bytes become small numbers, and an input that is over gives zeros. Whatever breaks an
// expectation ends the process, which is what both drivers report as a finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace readyloop::fuzz {

class Operations final {
 public:
  Operations(const std::uint8_t* bytes, std::size_t size) noexcept : bytes_(bytes), size_(size) {}

  [[nodiscard]] bool empty() const noexcept { return at_ >= size_; }
  std::uint8_t byte() noexcept { return empty() ? std::uint8_t{0} : bytes_[at_++]; }
  // 0 to limit - 1.
  std::uint32_t below(std::uint32_t limit) noexcept { return byte() % limit; }

 private:
  const std::uint8_t* bytes_;
  std::size_t size_;
  std::size_t at_ = 0;
};

inline void expect(bool holds, const char* sentence) noexcept {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", sentence);
  std::abort();
}

}  // namespace readyloop::fuzz

// What libFuzzer calls, and standalone.cc.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
