// A bump allocator that starts again when its records are through. See read_slab.h.
#include "transport/read_slab.h"

#include <algorithm>

namespace readyloop::transport {

ReadSlab::Room ReadSlab::room(std::size_t wanted) noexcept {
  // The second question is for a slab that rested while the counters of the queue went half way round.
  if (used_ > 0 && (queue_.has_consumed(last_record_) || !queue_.has_records())) used_ = 0;
  const std::size_t left = size_ - used_;
  if (left < kLeastRoom) return Room{nullptr, 0};
  return Room{bytes_ + used_, std::min(wanted, left)};
}

std::int32_t ReadSlab::take(std::size_t size) noexcept {
  const auto offset = static_cast<std::int32_t>(used_);
  used_ += size;
  last_record_ = queue_.next_position();
  return offset;
}

}  // namespace readyloop::transport
