// What a descriptor is that shall be a stream: which calls move its bytes, and in which directions.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace readyloop::transport {

// lib/engine/transports.ts mirrors the numbers.
enum class StreamKind : std::uint8_t {
  kSocket = 0,
  kDevice = 1,  // both directions, and neither can be ended alone: a terminal, a pipe that was opened for both
  kReader = 2,  // receives only: the reading end of a pipe
  kWriter = 3,  // sends only; it ends by being closed
  kDeviceWriter = 4,  // the same, and nothing tells whether somebody reads: a terminal that was opened for writing
};

[[nodiscard]] constexpr bool is_writer(StreamKind kind) noexcept {
  return kind == StreamKind::kWriter || kind == StreamKind::kDeviceWriter;
}

// EPROTOTYPE: a socket of another kind. EPERM: a file or folder, of which no system tells when it is ready.
[[nodiscard]] base::Result<StreamKind> stream_kind_of(int fd) noexcept;

}  // namespace readyloop::transport
