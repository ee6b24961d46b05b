// Names one registration: a slot, and which of its tenants is meant. A slot is reused, a (slot,
// generation) pair is not, so an event that the kernel still holds for a closed source misses.
// Kernel objects carry the 64 bits; nothing in the core hands a pointer to the kernel.
#pragma once

#include <cstdint>

namespace readyloop::base {

struct Token {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  [[nodiscard]] constexpr std::uint64_t bits() const noexcept {
    return (std::uint64_t{generation} << 32) | slot;
  }
  [[nodiscard]] static constexpr Token from_bits(std::uint64_t bits) noexcept {
    return Token{static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32)};
  }
};

constexpr bool operator==(Token a, Token b) noexcept { return a.bits() == b.bits(); }
constexpr bool operator!=(Token a, Token b) noexcept { return a.bits() != b.bits(); }

static_assert(Token::from_bits(Token{7, 0xFFFFFFFFU}.bits()) == Token{7, 0xFFFFFFFFU});

}  // namespace readyloop::base
