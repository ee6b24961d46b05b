// See stress_host.h. The ring is kept small, so that most bursts go through the overflow.
#include "stress_host.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "selector/selector.h"
#include "selector/waker.h"

namespace readyloop::stress {

namespace {

constexpr std::uint32_t kRingCapacity = 64;
// A turn that waits this long with clients running has lost a wake-up.
constexpr base::Duration kStalled = std::chrono::seconds(20);

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "stress: cannot %s\n", what);
  std::exit(2);
}

}  // namespace

Host::Host(std::string_view selector, std::uint32_t seed)
    : ring_memory_((loop::kHeaderWords + kRingCapacity * loop::kRecordWords) / 2), random_(seed) {
  open_loop(selector);
  for (Channel& channel : channels_) {
    auto pipe = base::open_pipe();
    require(pipe.ok(), "open a pipe");
    channel.pipe = pipe.take();
    watch(channel);
  }
}

void Host::open_loop(std::string_view name) {
  auto selector = selector::Selector::create(name);
  require(selector.ok(), "create the selector");
  auto waker = selector::Waker::create(*selector.value());
  require(waker.ok(), "create the waker");
  auto* words = reinterpret_cast<std::int32_t*>(ring_memory_.data());
  words[loop::kCapacityIndex] = static_cast<std::int32_t>(kRingCapacity);
  auto ring = loop::ReadyRing::adopt(words, ring_memory_.size() * sizeof(std::int64_t));
  auto loop = loop::Loop::create(selector.take(), waker.take(), ring.take(), clock_);
  require(loop.ok(), "create the loop");
  loop_ = loop.take();
}

void Host::post(const Command& command) {
  {
    const std::lock_guard<std::mutex> guard(posting_);
    posted_.push_back(command);
    ++totals_.posted;
  }
  loop_->wake();
}

void Host::wake_only() {
  direct_wakes_.fetch_add(1, std::memory_order_relaxed);
  loop_->wake();
}

void Host::write_to(std::uint32_t channel) {
  const std::lock_guard<std::mutex> guard(channels_[channel].writing);
  const ssize_t count = ::write(channels_[channel].pipe.writer.get(), "x", 1);
  if (count == 1) written_.fetch_add(1, std::memory_order_relaxed);
}

void Host::finish_client() {
  running_clients_.fetch_sub(1, std::memory_order_release);
  loop_->wake();
}

bool Host::run() {
  while (agrees_ && running_clients_.load(std::memory_order_acquire) != 0) take_turn(kStalled);
  // What was posted or written before the last client left.
  while (agrees_ && take_turn(base::Duration::zero()) > 0) {
  }
  close_books();
  return agrees_;
}

// Returns how much there was to do.
std::size_t Host::take_turn(base::Duration max_wait) {
  const base::Instant begin = clock_.now();
  const auto appended = loop_->run_once(max_wait);
  expect(appended.ok(), "run_once succeeds");
  expect(base::until(begin, clock_.now()) < kStalled, "a blocked select is woken");
  ++totals_.turns;
  const std::uint64_t executed_before = totals_.executed;
  std::size_t settled = drain();
  execute_commands();
  settled += drain();
  compare_books();
  return settled + (totals_.executed - executed_before);
}

void Host::execute_commands() {
  std::vector<Command> commands;
  {
    const std::lock_guard<std::mutex> guard(posting_);
    commands.swap(posted_);
  }
  for (const Command& command : commands) execute(command);
  totals_.executed += commands.size();
}

void Host::execute(const Command& command) {
  switch (command.kind) {
    case Command::Kind::kArm:
      return arm(command.target, command.delay);
    case Command::Kind::kDisarm:
      return disarm(command.target);
    case Command::Kind::kWatchAgain:
      return watch(channels_[command.target]);
    case Command::Kind::kUnwatch:
      unwatch(channels_[command.target]);
      return watch(channels_[command.target]);
    case Command::Kind::kReopen:
      return reopen(channels_[command.target], false);
    case Command::Kind::kReopenForgetful:
      return reopen(channels_[command.target], true);
  }
}

void Host::arm(std::uint32_t timer, base::Duration delay) {
  TimerBook& book = timers_[timer];
  ++totals_.armed;
  if (book.is_armed) ++totals_.moved;
  book = TimerBook{true, next_word_++, base::later(clock_.now(), delay)};
  loop_->arm(timer, book.word, book.deadline);
}

void Host::disarm(std::uint32_t timer) {
  TimerBook& book = timers_[timer];
  expect(loop_->disarm(timer) == book.is_armed, "disarm says whether the timer was armed");
  if (book.is_armed) ++totals_.disarmed;
  book.is_armed = false;
}

void Host::watch(Channel& channel) {
  ++totals_.watched;
  if (channel.is_watched) ++totals_.replaced;
  channel.is_watched = true;
  channel.repeat = random_() % 2 == 0 ? loop::Repeat::kOnce : loop::Repeat::kAlways;
  channel.word = next_word_++;
  const auto slot = static_cast<std::uint32_t>(kTimers + (&channel - channels_.data()));
  const int fd = channel.pipe.reader.get();
  const auto status = loop_->watch(fd, loop::Direction::kRead, slot, channel.word, channel.repeat);
  expect(status.ok(), "an open pipe can be watched");
}

void Host::unwatch(Channel& channel) {
  const bool was_watched = loop_->unwatch(channel.pipe.reader.get(), loop::Direction::kRead);
  expect(was_watched == channel.is_watched, "unwatch says whether there was a watch");
  if (channel.is_watched) ++totals_.unwatched;
  channel.is_watched = false;
}

// Nobody else opens descriptors, so the new pipe gets the numbers of the old one.
void Host::reopen(Channel& channel, bool is_forgetful) {
  const int old = channel.pipe.reader.get();
  read_dry(channel, totals_.discarded);
  if (!is_forgetful) {
    loop_->forget(old);
    if (channel.is_watched) ++totals_.forgotten;
    channel.is_watched = false;
  }
  {
    const std::lock_guard<std::mutex> guard(channel.writing);
    read_dry(channel, totals_.discarded);
    channel.pipe = base::Pipe{};
    auto pipe = base::open_pipe();
    require(pipe.ok(), "open a pipe");
    channel.pipe = pipe.take();
  }
  require(channel.pipe.reader.get() == old, "rely on the order of descriptor numbers");
  watch(channel);
}

void Host::read_dry(Channel& channel, std::uint64_t& count) {
  std::array<char, 256> bytes{};
  for (;;) {
    const ssize_t got = ::read(channel.pipe.reader.get(), bytes.data(), bytes.size());
    if (got <= 0) return;
    count += static_cast<std::uint64_t>(got);
  }
}

// TypeScript's part: the ring, then the overflow.
std::size_t Host::drain() {
  loop::ReadyRing& ring = loop_->queue().ring();
  const auto* words = reinterpret_cast<const std::int32_t*>(ring_memory_.data());
  std::vector<loop::Record> records;
  for (; !ring.empty(); ring.set_word(loop::kHeadIndex, ring.word(loop::kHeadIndex) + 1)) {
    const auto position = std::size_t{ring.word(loop::kHeadIndex) % kRingCapacity};
    const std::int32_t* record = words + loop::kHeaderWords + position * loop::kRecordWords;
    records.push_back(loop::Record{record[0], record[1], record[2], record[3]});
  }
  std::vector<loop::Record> overflow(loop_->overflow_size());
  loop_->take_overflow(reinterpret_cast<std::int32_t*>(overflow.data()));
  records.insert(records.end(), overflow.begin(), overflow.end());
  for (const loop::Record& record : records) settle(record);
  return records.size();
}

void Host::settle(const loop::Record& record) {
  const auto slot = static_cast<std::uint32_t>(record.slot);
  expect(slot < kTimers + kChannels, "a record names a known sink");
  if (slot < kTimers) return settle_timer(slot, record);
  settle_channel(channels_[slot - kTimers], record);
}

void Host::settle_timer(std::uint32_t timer, const loop::Record& record) {
  TimerBook& book = timers_[timer];
  expect(book.is_armed && book.word == record.word, "a timer fires only while it is armed, and only once");
  expect(book.deadline <= clock_.now(), "no timer fires early");
  book.is_armed = false;
  ++totals_.fired;
}

void Host::settle_channel(Channel& channel, const loop::Record& record) {
  expect(channel.is_watched && channel.word == record.word, "a report is for the present watch");
  expect(record.b == channel.pipe.reader.get(), "a report names its descriptor");
  expect(record.a == loop::kReadyReadable, "a pipe with an open writer is readable and nothing else");
  read_dry(channel, totals_.read);
  if (channel.repeat == loop::Repeat::kAlways) return;
  channel.is_watched = false;
  ++totals_.reported;
  watch(channel);
}

void Host::compare_books() {
  std::uint32_t armed = 0;
  for (const TimerBook& book : timers_) armed += book.is_armed ? 1 : 0;
  std::uint32_t watched = 0;
  for (const Channel& channel : channels_) watched += channel.is_watched ? 1 : 0;
  loop::ReadyRing& ring = loop_->queue().ring();
  expect(ring.word(loop::kTimersIndex) == armed, "the header counts the armed timers");
  expect(ring.word(loop::kWatchesIndex) == watched, "the header counts the watches");
  expect(ring.word(loop::kTurnsIndex) >= totals_.turns, "the header counts the turns");
}

void Host::close_books() {
  for (std::uint32_t timer = 0; timer < kTimers; ++timer) disarm(timer);
  std::uint64_t left = 0;
  for (Channel& channel : channels_) {
    read_dry(channel, left);
    loop_->forget(channel.pipe.reader.get());
    if (channel.is_watched) ++totals_.forgotten;
    channel.is_watched = false;
  }
  totals_.direct_wakes = direct_wakes_.load();
  totals_.written = written_.load();
  compare_books();
  const Totals& t = totals_;
  expect(left == 0, "every byte was reported");
  expect(t.posted == t.executed, "every command was executed");
  expect(t.armed == t.fired + t.disarmed + t.moved, "every armed timer fired, was disarmed or was moved");
  expect(t.watched == t.reported + t.replaced + t.unwatched + t.forgotten, "every watch ended in one way");
  expect(t.written == t.read + t.discarded, "every byte was read");
  expect(loop_->registry().size() == 0, "no source is left");
}

void Host::expect(bool holds, const char* what) {
  if (holds) return;
  if (agrees_) std::fprintf(stderr, "stress: expected that %s\n", what);
  agrees_ = false;
}

}  // namespace readyloop::stress
