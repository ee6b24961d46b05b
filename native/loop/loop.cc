// The turn, step by step, and the small commands of the loop. Who blocks and who drains is not decided here.
#include "loop/loop.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace readyloop::loop {

namespace {

// A slot that the registry never gives away.
constexpr base::Token kWakerToken{std::numeric_limits<std::uint32_t>::max(), 1};

// Clears the flag that guards against a turn inside a turn, on every way out.
class RunningMark final {
 public:
  explicit RunningMark(bool& running) noexcept : running_(running) { running_ = true; }
  RunningMark(const RunningMark&) = delete;
  RunningMark& operator=(const RunningMark&) = delete;
  ~RunningMark() { running_ = false; }

 private:
  bool& running_;
};

}  // namespace

base::Result<std::unique_ptr<Loop>> Loop::create(std::unique_ptr<selector::Selector> selector,
                                                 std::unique_ptr<selector::Waker> waker, ReadyRing ring,
                                                 base::Clock& clock, const base::Syscalls& syscalls) noexcept {
  const base::Status attached = waker->attach(*selector, kWakerToken);
  if (!attached.ok()) return attached;
  return std::unique_ptr<Loop>(new Loop(std::move(selector), std::move(waker), ring, clock, syscalls));
}

Loop::Loop(std::unique_ptr<selector::Selector> selector, std::unique_ptr<selector::Waker> waker, ReadyRing ring,
           base::Clock& clock, const base::Syscalls& syscalls) noexcept
    : selector_(std::move(selector)),
      waker_(std::move(waker)),
      clock_(clock),
      queue_(ring),
      registry_(*selector_),
      watches_(registry_, queue_, syscalls) {}

void Loop::arm(std::uint32_t slot, std::int32_t word, base::Instant deadline) noexcept {
  timers_.arm(slot, word, deadline);
  queue_.ring().set_time(kDeadlineFloatIndex, deadline);
  publish_counts();
}

bool Loop::disarm(std::uint32_t slot) noexcept {
  const bool was_armed = timers_.disarm(slot);
  publish_counts();
  return was_armed;
}

base::Status Loop::watch(int fd, Direction direction, std::uint32_t slot, std::int32_t word, Repeat repeat) noexcept {
  const base::Status watched = watches_.watch(fd, direction, slot, word, repeat);
  publish_counts();
  return watched;
}

bool Loop::unwatch(int fd, Direction direction) noexcept {
  const bool was_watched = watches_.unwatch(fd, direction);
  publish_counts();
  return was_watched;
}

void Loop::forget(int fd) noexcept {
  watches_.forget(fd);
  publish_counts();
}

void Loop::rearm_watches() noexcept {
  watches_.rearm();
  publish_counts();
}

void Loop::publish_counts() noexcept {
  queue_.ring().set_word(kTimersIndex, static_cast<std::uint32_t>(timers_.size()));
  queue_.ring().set_word(kWatchesIndex, watches_.watched());
}

base::Result<std::uint32_t> Loop::run_once(std::optional<base::Duration> max_wait) noexcept {
  if (running_) return base::Status(EBUSY, "run_once");
  const RunningMark mark(running_);
  const std::uint32_t before = queue_.appended();
  count_turn();
  rearm_watches();
  const base::Status selected = selector_->select(compute_wait(max_wait), events_);
  if (!selected.ok()) return selected;
  const base::Instant now = read_clock();
  dispatch();
  append_due_timers(now);
  registry_.release_closed();
  publish_counts();
  return queue_.appended() - before;
}

void Loop::count_turn() noexcept {
  ReadyRing& ring = queue_.ring();
  ring.set_word(kTurnsIndex, ring.word(kTurnsIndex) + 1);
}

// Zero if a record waits: the turn still selects, so a queue that is never empty starves no descriptor and no timer.
base::Duration Loop::compute_wait(std::optional<base::Duration> max_wait) noexcept {
  if (queue_.has_records()) return base::Duration::zero();
  base::Duration wait = kLongestWait;
  if (max_wait.has_value()) wait = std::clamp(*max_wait, base::Duration::zero(), kLongestWait);
  const std::optional<base::Instant> deadline = timers_.next_deadline();
  if (deadline.has_value()) wait = std::min(wait, base::until(clock_.now(), *deadline));
  return wait;
}

// Once a turn and after the select, so every timer that the turn finds due is due by one and the same instant.
base::Instant Loop::read_clock() noexcept {
  const base::Instant now = clock_.now();
  queue_.ring().set_time(kSelectedAtFloatIndex, now);
  return now;
}

// A token that finds nothing belongs to a source that was closed earlier in this very batch, or before its event was
// collected.
void Loop::dispatch() noexcept {
  registry_.begin_dispatch();
  for (const selector::Event& event : events_) {
    if (event.token == kWakerToken) {
      waker_->drain();
    } else if (Source* source = registry_.find(event.token)) {
      source->on_ready(event.readiness);
    }
  }
}

// Due means that the deadline is not after `now`: never early, not even by the resolution of a clock.
void Loop::append_due_timers(base::Instant now) noexcept {
  while (const std::optional<Timer> timer = timers_.take_due(now)) {
    queue_.append(Record{static_cast<std::int32_t>(timer->slot), timer->word, 0, 0});
  }
}

}  // namespace readyloop::loop
