// Bytes in the order in which they came, for what a transport could not send at once. They are kept in blocks, so that
// growing copies nothing, and the front can be looked at as parts for writev(2).
//
// Invariant: size() is the sum of the blocks' unread bytes, and no block is empty.
// An empty queue holds no memory.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace readyloop::base {

class ByteQueue final {
 public:
  void append(const std::uint8_t* bytes, std::size_t size) noexcept;

  // Fills up to `limit` parts with what stands at the front. Returns how many; valid until the next call.
  [[nodiscard]] int peek(iovec* parts, int limit) const noexcept;

  // Drops `size` bytes from the front; at most size().
  void consume(std::size_t size) noexcept;

  void clear() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  std::deque<std::vector<std::uint8_t>> blocks_;
  std::size_t offset_ = 0;  // bytes of the first block that are consumed
  std::size_t size_ = 0;
};

}  // namespace readyloop::base
