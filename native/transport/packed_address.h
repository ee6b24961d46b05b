// An address as the shared memory carries it: one word, then the bytes that the word counts, filled up to a whole word.
//   word   family (0 none, 1 UNIX, 4, 6) | bytes << 8 | port << 16
//   bytes  four of an IPv4 address; sixteen of an IPv6 one and a word with its scope; a UNIX path or abstract name
// So TypeScript keeps and compares addresses without knowing the kernel's structures, which differ between systems.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "transport/address.h"

namespace readyloop::transport {

inline constexpr std::size_t kPackedAddressMax = sizeof(std::uint32_t) + 108;

// Room for kPackedAddressMax bytes. Returns how many were written, a multiple of four.
std::size_t pack_address(const Address& address, std::uint8_t* to) noexcept;

// How many bytes an address takes that begins with this word.
[[nodiscard]] constexpr std::size_t packed_size(std::uint32_t word) noexcept {
  return sizeof word + ((word >> 8 & 0xff) + 3) / 4 * 4;
}

// No address, or one of no known family, has a length of zero. EINVAL: longer than `size`, or not what its family wants.
[[nodiscard]] base::Result<Address> unpack_address(const std::uint8_t* bytes, std::size_t size) noexcept;

}  // namespace readyloop::transport
