// From readiness to records. See fd_watch.h.
#include "loop/fd_watch.h"

namespace readyloop::loop {

namespace {

constexpr std::uint8_t kRecordBits =
    selector::kReadable | selector::kWritable | selector::kHangup | selector::kError;

constexpr selector::Readiness kAllLost{selector::kHangup | selector::kError};

}  // namespace

void FdWatch::want(Direction direction, std::uint32_t slot, std::int32_t word, Repeat repeat) noexcept {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  if (!side.wanted) ++ledger_.watched;
  side = Side{slot, word, repeat, true};
}

bool FdWatch::unwant(Direction direction) noexcept {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  if (!side.wanted) return false;
  side.wanted = false;
  --ledger_.watched;
  return true;
}

void FdWatch::restore(Direction direction, const Side& side) noexcept {
  unwant(direction);
  if (side.wanted) want(direction, side.slot, side.word, side.repeat);
}

selector::Interest FdWatch::interest() const noexcept {
  return selector::Interest{sides_[0].wanted, sides_[1].wanted, selector::Mode::kOneShot};
}

void FdWatch::report(Side& side, selector::Readiness readiness, bool is_last) noexcept {
  if (!side.wanted || !readiness.any()) return;
  ledger_.queue.append(Record{static_cast<std::int32_t>(side.slot), side.word, readiness.bits & kRecordBits, fd_});
  if (side.repeat == Repeat::kAlways && !is_last) return;
  side.wanted = false;
  --ledger_.watched;
}

// The reader first: asyncio's order, and what programs written for it expect of a descriptor that is ready for both.
void FdWatch::on_ready(selector::Readiness readiness) noexcept {
  disarmed_ = true;
  report(sides_[0], readiness.for_reader(), readiness.gone());
  report(sides_[1], readiness.for_writer(), readiness.gone());
  if (!interest().none()) ledger_.to_rearm.push_back(fd_);
}

void FdWatch::on_gone() noexcept {
  report(sides_[0], kAllLost, true);
  report(sides_[1], kAllLost, true);
}

}  // namespace readyloop::loop
