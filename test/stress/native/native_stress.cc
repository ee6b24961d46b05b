// Stress of the native core: several threads hand commands to one loop, write into the pipes that it watches, and wake
// it, for a bounded time. Ends with 1 if the loop and the books of stress_host.h ever disagree, or a wake-up is lost.
//
//   native_stress [--seconds N] [--seed N] [--selector NAME]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "stress_client.h"
#include "stress_host.h"

namespace {

using readyloop::stress::Host;
using readyloop::stress::kClients;
using readyloop::stress::Totals;

struct Options {
  double seconds = 5;
  std::uint32_t seed = std::random_device()();
  const char* selector = "";
};

Options read_options(int count, char** words) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    const char* value = i + 1 < count ? words[i + 1] : nullptr;
    if (value != nullptr && std::strcmp(words[i], "--seconds") == 0) {
      options.seconds = std::strtod(value, nullptr);
    } else if (value != nullptr && std::strcmp(words[i], "--seed") == 0) {
      options.seed = static_cast<std::uint32_t>(std::strtoul(value, nullptr, 10));
    } else if (value != nullptr && std::strcmp(words[i], "--selector") == 0) {
      options.selector = value;
    } else {
      std::fprintf(stderr, "usage: native_stress [--seconds N] [--seed N] [--selector NAME]\n");
      std::exit(2);
    }
  }
  return options;
}

void print(const Totals& totals) {
  const auto line = [](const char* what, std::uint64_t count) {
    std::printf("  %-13s %12llu\n", what, static_cast<unsigned long long>(count));
  };
  line("turns", totals.turns);
  line("commands", totals.executed);
  line("direct wakes", totals.direct_wakes);
  line("timers armed", totals.armed);
  line("  fired", totals.fired);
  line("  disarmed", totals.disarmed);
  line("  moved", totals.moved);
  line("watches", totals.watched);
  line("  reported", totals.reported);
  line("bytes", totals.written);
}

}  // namespace

int main(int count, char** words) {
  const Options options = read_options(count, words);
  Host host(options.selector, options.seed);
  std::printf("native stress: %.*s, %g s, --seed %u\n", static_cast<int>(host.selector_name().size()),
              host.selector_name().data(), options.seconds, options.seed);
  const auto span = std::chrono::duration<double>(options.seconds);
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(span);
  std::vector<std::thread> clients;
  for (std::uint32_t index = 0; index < kClients; ++index) {
    clients.emplace_back([&host, &options, index, end] {
      readyloop::stress::run_client(host, index, options.seed, end);
    });
  }
  const bool agrees = host.run();
  for (std::thread& client : clients) client.join();
  print(host.totals());
  std::printf(agrees ? "native stress: all counts agree\n" : "native stress: FAILED\n");
  return agrees ? 0 : 1;
}
