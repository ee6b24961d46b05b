// The mixture of what clients do. It is the only file of the program that sleeps: a stress test is about real time.
#include "stress_client.h"

#include <random>
#include <thread>

namespace readyloop::stress {

namespace {

// Out of a hundred actions.
constexpr std::uint32_t kArms = 40;
constexpr std::uint32_t kDisarms = 15;
constexpr std::uint32_t kWrites = 25;
constexpr std::uint32_t kWakes = 10;

std::uint32_t below(std::mt19937& random, std::uint32_t limit) {
  return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random);
}

Command random_channel_command(std::uint32_t choice, std::uint32_t channel) {
  switch (choice) {
    case 0:
      return Command{Command::Kind::kWatchAgain, channel, {}};
    case 1:
      return Command{Command::Kind::kUnwatch, channel, {}};
    case 2:
      return Command{Command::Kind::kReopen, channel, {}};
    default:
      return Command{Command::Kind::kReopenForgetful, channel, {}};
  }
}

void act(Host& host, std::uint32_t index, std::mt19937& random) {
  const std::uint32_t timer = index * kTimersPerClient + below(random, kTimersPerClient);
  const std::uint32_t channel = index * kChannelsPerClient + below(random, kChannelsPerClient);
  const std::uint32_t action = below(random, 100);
  if (action < kArms) {
    // From long past to three milliseconds ahead, often equal to another.
    const base::Duration delay = std::chrono::microseconds(std::int64_t{below(random, 32)} * 100 - 100);
    host.post(Command{Command::Kind::kArm, timer, delay});
  } else if (action < kArms + kDisarms) {
    host.post(Command{Command::Kind::kDisarm, timer, {}});
  } else if (action < kArms + kDisarms + kWrites) {
    host.write_to(channel);
  } else if (action < kArms + kDisarms + kWrites + kWakes) {
    host.wake_only();
  } else {
    host.post(random_channel_command(below(random, 4), channel));
  }
}

}  // namespace

void run_client(Host& host, std::uint32_t index, std::uint32_t seed, std::chrono::steady_clock::time_point end) {
  std::mt19937 random(seed + index);
  while (std::chrono::steady_clock::now() < end) {
    // A burst, then a pause of random length, so that the loop is found running, about to block, and blocked.
    for (std::uint32_t count = below(random, 64); count > 0; --count) act(host, index, random);
    std::this_thread::sleep_for(std::chrono::microseconds(below(random, 300)));
  }
  host.finish_client();
}

}  // namespace readyloop::stress
