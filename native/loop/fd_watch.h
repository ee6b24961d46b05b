// A watch on one descriptor that TypeScript or its user owns: up to two directions, each with the sink that
// is to be told. It reads and writes nothing; it turns readiness into records, the reader's before the writer's.
//
// Invariant: the registration is one-shot. After each report the watch is disarmed, and stays so until WatchTable
// arms it again, so a forgotten duplicate of a closed descriptor reports once and cannot spin the loop.
#pragma once

#include <cstdint>
#include <vector>

#include "loop/ready_queue.h"
#include "loop/source.h"
#include "selector/interest.h"

namespace readyloop::loop {

enum class Direction : std::uint8_t { kRead = 0, kWrite = 1 };

// kOnce ends with its first report. kAlways is armed again at the start of the next turn.
enum class Repeat : std::uint8_t { kOnce, kAlways };

// What all watches of a loop share.
struct WatchLedger {
  ReadyQueue& queue;
  std::uint32_t watched = 0;     // directions that wait for a report
  std::vector<int> to_rearm;     // descriptors whose watch reported and still wants to know
};

class FdWatch final : public Source {
 public:
  FdWatch(int fd, WatchLedger& ledger) noexcept : ledger_(ledger), fd_(fd) {}

  void on_ready(selector::Readiness readiness) noexcept override;

  // The descriptor was closed under the watch: every waiting direction is told so, and is over.
  void on_gone() noexcept;

  // Bookkeeping only; the table tells the selector.
  void want(Direction direction, std::uint32_t slot, std::int32_t word, Repeat repeat) noexcept;
  bool unwant(Direction direction) noexcept;

  // Who is told of a direction, if anybody: to be put back where a newer wish could not be granted.
  struct Side {
    std::uint32_t slot = 0;
    std::int32_t word = 0;
    Repeat repeat = Repeat::kOnce;
    bool wanted = false;
  };
  [[nodiscard]] Side side(Direction direction) const noexcept { return sides_[static_cast<std::size_t>(direction)]; }
  void restore(Direction direction, const Side& side) noexcept;

  [[nodiscard]] selector::Interest interest() const noexcept;

  [[nodiscard]] bool disarmed() const noexcept { return disarmed_; }
  void set_armed() noexcept { disarmed_ = false; }

 private:
  void report(Side& side, selector::Readiness readiness, bool is_last) noexcept;

  WatchLedger& ledger_;
  Side sides_[2];
  int fd_;
  bool disarmed_ = false;
};

}  // namespace readyloop::loop
