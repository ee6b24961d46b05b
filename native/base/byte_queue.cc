// Blocks of at most kBlockBytes. See byte_queue.h.
#include "base/byte_queue.h"

#include <algorithm>
#include <cassert>

namespace readyloop::base {

namespace {

constexpr std::size_t kBlockBytes = 64 * 1024;

}  // namespace

void ByteQueue::append(const std::uint8_t* bytes, std::size_t size) noexcept {
  size_ += size;
  while (size > 0) {
    if (blocks_.empty() || blocks_.back().size() == kBlockBytes) blocks_.emplace_back();
    std::vector<std::uint8_t>& block = blocks_.back();
    const std::size_t count = std::min(size, kBlockBytes - block.size());
    block.insert(block.end(), bytes, bytes + count);
    bytes += count;
    size -= count;
  }
}

int ByteQueue::peek(iovec* parts, int limit) const noexcept {
  int count = 0;
  std::size_t skip = offset_;
  for (auto block = blocks_.begin(); block != blocks_.end() && count < limit; ++block, ++count) {
    // writev(2) reads, but its parts are not const.
    parts[count] = iovec{const_cast<std::uint8_t*>(block->data()) + skip, block->size() - skip};
    skip = 0;
  }
  return count;
}

void ByteQueue::consume(std::size_t size) noexcept {
  assert(size <= size_ && "only what is there can be consumed");
  size_ -= size;
  offset_ += size;
  while (!blocks_.empty() && offset_ >= blocks_.front().size()) {
    offset_ -= blocks_.front().size();
    blocks_.pop_front();
  }
  if (size_ == 0) clear();
}

void ByteQueue::clear() noexcept {
  std::deque<std::vector<std::uint8_t>>().swap(blocks_);
  offset_ = 0;
  size_ = 0;
}

}  // namespace readyloop::base
