// The loop's side of the stress program: one thread that runs a loop, does what the other threads ask for, and keeps
// its own books about every timer and watch. Whatever the loop does is compared with the books at once; a difference
// ends the program's success, and says what was expected.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "loop/loop.h"

namespace readyloop::stress {

inline constexpr std::uint32_t kClients = 4;
inline constexpr std::uint32_t kTimersPerClient = 500;
inline constexpr std::uint32_t kChannelsPerClient = 8;
inline constexpr std::uint32_t kTimers = kClients * kTimersPerClient;
inline constexpr std::uint32_t kChannels = kClients * kChannelsPerClient;

// What a client asks of the host; `target` is a timer or a channel.
struct Command {
  enum class Kind {
    kArm,             // `delay` from now, whether armed or not
    kDisarm,
    kWatchAgain,      // replaces the watch by another
    kUnwatch,         // and watches again
    kReopen,          // forgets and closes the channel, opens and watches a new one
    kReopenForgetful  // the same without forgetting: the number is reused under the loop
  };
  Kind kind = Kind::kArm;
  std::uint32_t target = 0;
  base::Duration delay{0};
};

// Sums that must fit each other at the end.
struct Totals {
  std::uint64_t turns = 0, posted = 0, executed = 0, direct_wakes = 0;
  std::uint64_t armed = 0, fired = 0, disarmed = 0, moved = 0;
  std::uint64_t watched = 0, reported = 0, unwatched = 0, replaced = 0, forgotten = 0;
  std::uint64_t written = 0, read = 0, discarded = 0;
};

class Host {
 public:
  Host(std::string_view selector, std::uint32_t seed);

  // From any thread.
  void post(const Command& command);
  void wake_only();
  void write_to(std::uint32_t channel);
  void finish_client();

  // Runs until all clients have finished and everything they left is done. True: all books agree.
  [[nodiscard]] bool run();

  [[nodiscard]] const Totals& totals() const { return totals_; }
  [[nodiscard]] std::string_view selector_name() const { return loop_->selector_name(); }

 private:
  struct TimerBook {
    bool is_armed = false;
    std::int32_t word = 0;
    base::Instant deadline;
  };
  struct Channel {
    base::Pipe pipe;
    std::mutex writing;  // guards pipe.writer
    bool is_watched = false;
    loop::Repeat repeat = loop::Repeat::kOnce;
    std::int32_t word = 0;
  };

  void open_loop(std::string_view selector);
  std::size_t take_turn(base::Duration max_wait);
  void execute_commands();
  void execute(const Command& command);
  void arm(std::uint32_t timer, base::Duration delay);
  void disarm(std::uint32_t timer);
  void watch(Channel& channel);
  void unwatch(Channel& channel);
  void reopen(Channel& channel, bool is_forgetful);
  void read_dry(Channel& channel, std::uint64_t& count);
  std::size_t drain();
  void settle(const loop::Record& record);
  void settle_timer(std::uint32_t timer, const loop::Record& record);
  void settle_channel(Channel& channel, const loop::Record& record);
  void compare_books();
  void close_books();
  void expect(bool holds, const char* what);

  base::SystemClock clock_;
  std::vector<std::int64_t> ring_memory_;
  std::unique_ptr<loop::Loop> loop_;
  std::mt19937 random_;
  std::int32_t next_word_ = 1;
  std::array<TimerBook, kTimers> timers_;
  std::array<Channel, kChannels> channels_;

  std::mutex posting_;  // guards posted_
  std::vector<Command> posted_;
  std::atomic<std::uint32_t> running_clients_{kClients};
  std::atomic<std::uint64_t> direct_wakes_{0};
  std::atomic<std::uint64_t> written_{0};
  Totals totals_;
  bool agrees_ = true;
};

}  // namespace readyloop::stress
