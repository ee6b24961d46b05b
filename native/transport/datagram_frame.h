// A datagram in the shared memory, in both directions: received ones lie in the slab, one behind the other, and a record
// names them all; written ones lie in the outbox. Everything begins at a multiple of four bytes from the first frame.
//   word      bytes of the payload
//   word      flags (below) | number << 8, which is of descriptors, or the errno of a frame that tells of a failure
//   address   packed_address.h
//   payload   filled up to a whole word
// lib/engine/abi.ts mirrors the numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/status.h"
#include "transport/address.h"
#include "transport/packed_address.h"

namespace readyloop::transport {

inline constexpr std::uint32_t kFrameTruncated = 1;        // longer than there was room for; the rest is lost
inline constexpr std::uint32_t kFrameDescriptorsLost = 2;  // some did not fit, so all were closed
inline constexpr std::uint32_t kFrameFailed = 4;           // no datagram: one to this address could not be sent

inline constexpr std::size_t kFrameWords = 2;
// No header, address included, is longer.
inline constexpr std::size_t kFrameHeaderMax = kFrameWords * sizeof(std::uint32_t) + kPackedAddressMax;

[[nodiscard]] constexpr std::size_t whole_words(std::size_t size) noexcept { return (size + 3) / 4 * 4; }

// Writes all but the payload. Returns where that begins.
inline std::uint8_t* write_frame_header(std::uint8_t* to, std::size_t size, std::uint32_t flags, std::uint32_t number,
                                        const Address& address) noexcept {
  const std::uint32_t words[kFrameWords] = {static_cast<std::uint32_t>(size), flags | number << 8};
  std::memcpy(to, words, sizeof words);
  return to + sizeof words + pack_address(address, to + sizeof words);
}

struct Frame {
  Address address;
  const std::uint8_t* payload;
  std::size_t size;
  std::size_t whole;  // from this frame to the next
};

// Reads the frame at the front of `available` bytes. EINVAL: they hold none.
[[nodiscard]] inline base::Result<Frame> read_frame(const std::uint8_t* bytes, std::size_t available) noexcept {
  std::uint32_t words[kFrameWords + 1];
  if (available < sizeof words) return base::Status(EINVAL, "frame");
  std::memcpy(words, bytes, sizeof words);
  const std::size_t header = kFrameWords * sizeof(std::uint32_t) + packed_size(words[kFrameWords]);
  const std::size_t size = words[0];
  if (header > available || size > available - header) return base::Status(EINVAL, "frame");
  const std::size_t before = kFrameWords * sizeof(std::uint32_t);
  base::Result<Address> address = unpack_address(bytes + before, available - before);
  if (!address.ok()) return address.status();
  const std::size_t whole = header + whole_words(size);
  return Frame{address.take(), bytes + header, size, whole < available ? whole : available};
}

}  // namespace readyloop::transport
