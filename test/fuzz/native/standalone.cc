// Drives a fuzz target without libFuzzer: first every file that is named, or that lies in a folder that is named, then for
// so many seconds inputs made of them by changing, cutting, joining and inventing bytes. It knows nothing of coverage. The
// input in hand is written to a file before a target could end the process, so a finding can be replayed by naming it.
//
//   TARGET [--seconds N] [--seed N] [--crash FILE] [files and folders…]
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "fuzz/native/operations.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes current;
std::string crash_file = "crash.bin";

// Async-signal-safe: the process is broken.
void keep_input(int signal) {
  const int fd = ::open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd >= 0 && ::write(fd, current.data(), current.size()) >= 0) static_cast<void>(::close(fd));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const Bytes& input) {
  current = input;
  LLVMFuzzerTestOneInput(current.data(), current.size());
}

Bytes changed(const std::vector<Bytes>& seeds, std::mt19937_64& random) {
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % std::max<std::size_t>(limit, 1)); };
  Bytes input;
  if (!seeds.empty() && below(4) != 0) input = seeds[below(seeds.size())];
  for (std::size_t i = 1 + below(8); i > 0; --i) {
    switch (below(5)) {
      case 0:
        if (!input.empty()) input[below(input.size())] = static_cast<std::uint8_t>(random());
        break;
      case 1:
        for (std::size_t n = below(200); n > 0; --n) input.push_back(static_cast<std::uint8_t>(random()));
        break;
      case 2:
        if (!input.empty()) input.resize(below(input.size()));
        break;
      case 3:
        if (!seeds.empty()) {
          const Bytes& other = seeds[below(seeds.size())];
          input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(below(other.size())), other.end());
        }
        break;
      default:
        if (!input.empty()) input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(input.size())),
                                         static_cast<std::uint8_t>(random()));
    }
  }
  if (input.size() > 4096) input.resize(4096);
  return input;
}

void read_seeds(const std::filesystem::path& place, std::vector<Bytes>& seeds) {
  if (std::filesystem::is_directory(place)) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(place)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) read_seeds(file, seeds);
    return;
  }
  std::ifstream file(place, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", place.c_str());
    std::exit(2);
  }
  seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

}  // namespace

// With signals caught here, a sanitizer that finds something has to end with one.
extern "C" const char* __asan_default_options() { return "handle_abort=0:abort_on_error=1"; }
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

int main(int argc, char** argv) {
  double seconds = 0;
  std::uint64_t seed = std::random_device()();
  std::vector<Bytes> seeds;
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (has_value && std::strcmp(argv[i], "--seconds") == 0) {
      seconds = std::atof(argv[++i]);
    } else if (has_value && std::strcmp(argv[i], "--seed") == 0) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (has_value && std::strcmp(argv[i], "--crash") == 0) {
      crash_file = argv[++i];
    } else {
      read_seeds(argv[i], seeds);
    }
  }
  std::signal(SIGABRT, keep_input);
  for (const Bytes& input : seeds) run(input);
  const std::size_t kept = seeds.size();
  std::mt19937_64 random(seed);
  std::uint64_t runs = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 64; ++i, ++runs) run(changed(seeds, random));
  }
  std::printf("%zu kept inputs, %llu made ones, seed %llu\n", kept, static_cast<unsigned long long>(runs),
              static_cast<unsigned long long>(seed));
  return 0;
}
