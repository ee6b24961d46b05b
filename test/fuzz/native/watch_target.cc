// The registry and the watch table against a model: who waits on which number and direction, and which file has that
// number now. Descriptors are opened, closed without a word and reused; interest is refused for want of memory. Every
// report is for somebody who waits, nobody waits for a file that is gone for ever, and nothing is left behind.
#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "fuzz/native/scripted_kernel.h"
#include "loop/loop.h"
#include "native/support/ring_memory.h"

using namespace readyloop;
using fuzz::expect;
using loop::Direction;
using loop::Repeat;

namespace {

constexpr int kFirst = 1000;  // numbers that no open descriptor of the process has
constexpr std::uint32_t kFiles = 4;

struct Side {
  std::int32_t word = 0;
  bool always = false;
};

struct File {
  bool open = true;
  std::uint8_t bits = 0;
  std::optional<Side> sides[2];
};

std::array<File, kFiles>* files = nullptr;

File& file_of(int fd) { return (*files)[static_cast<std::size_t>(fd - kFirst)]; }
std::uint8_t look(int fd) { return file_of(fd).bits; }

ssize_t no_read(int, void*, std::size_t) noexcept { return -1; }
ssize_t no_write(int, const void*, std::size_t) noexcept { return -1; }

int kind_of(int fd, struct stat* out) noexcept {
  *out = {};
  out->st_mode = S_IFIFO;
  errno = EBADF;
  return file_of(fd).open ? 0 : -1;
}

const base::Syscalls kScripted = {no_read, no_write, kind_of, base::open_pipe};

class Run final {
 public:
  Run() : selector_(new fuzz::ScriptedSelector(look)) {
    fuzz::kernel() = {};
    files = &files_;
    loop_ = loop::Loop::create(std::unique_ptr<selector::Selector>(selector_), std::make_unique<fuzz::SilentWaker>(),
                               memory_.ring(), clock_, kScripted).take();
    drain_.emplace(memory_, *loop_);
  }

  void play(fuzz::Operations& operations) {
    while (!operations.empty()) {
      const std::uint32_t kind = operations.below(8);
      const int fd = kFirst + static_cast<int>(operations.below(kFiles));
      const auto direction = static_cast<Direction>(operations.below(2));
      if (kind == 0 || kind == 1) watch(fd, direction, operations.below(2) == 0, operations.below(8) == 0);
      if (kind == 2) unwatch(fd, direction);
      if (kind == 3) forget(fd);
      if (kind == 4) change_file(fd, operations.below(4));
      if (kind == 5) file_of(fd).bits = static_cast<std::uint8_t>(operations.byte() & 7);
      if (kind >= 6) turn(operations.below(3));
      consume();
      expect(loop_->next_deadline() == std::nullopt, "no timer was armed");
      expect(memory_.word(loop::kWatchesIndex) == waiting(), "as many directions are watched as somebody waits for");
    }
    settle();
  }

 private:
  void watch(int fd, Direction direction, bool always, bool is_refused) {
    File& file = file_of(fd);
    fuzz::kernel().refuse_interest = is_refused ? ENOMEM : 0;
    const std::int32_t word = ++word_;
    const auto told = loop_->watch(fd, direction, word_of(fd, direction), word, always ? Repeat::kAlways : Repeat::kOnce);
    fuzz::kernel().refuse_interest = 0;
    expect(told.ok() == (file.open && !is_refused), "a watch fails if the file is closed or there is no memory");
    // Those who wait for the file that had the number before are told, by records that are seen below.
    consume();
    if (told.ok()) file.sides[static_cast<std::size_t>(direction)] = Side{word, always};
  }

  void unwatch(int fd, Direction direction) {
    auto& side = file_of(fd).sides[static_cast<std::size_t>(direction)];
    expect(loop_->unwatch(fd, direction) == side.has_value(), "unwatch says whether somebody waited");
    side.reset();
  }

  void forget(int fd) {
    loop_->forget(fd);
    file_of(fd).sides[0].reset();
    file_of(fd).sides[1].reset();
  }

  // Closed without forget(), or closed and opened anew: the kernel drops the registration by itself.
  void change_file(int fd, std::uint32_t how) {
    File& file = file_of(fd);
    file.open = how != 0;
    file.bits = 0;
    selector_->drop(fd);
  }

  void turn(std::uint32_t held_back) {
    selector_->held_back = held_back;
    expect(loop_->run_once(base::Duration::zero()).ok(), "a turn succeeds");
  }

  void consume() {
    for (const loop::Record& record : drain_->consume_all()) {
      const int fd = record.b;
      expect(fd >= kFirst && fd < kFirst + static_cast<int>(kFiles), "a report names a descriptor");
      const auto direction = static_cast<std::size_t>(record.slot % 2);
      expect(static_cast<std::uint32_t>(record.slot) == word_of(fd, static_cast<Direction>(direction)), "the sink's slot");
      auto& side = file_of(fd).sides[direction];
      expect(side.has_value() && side->word == record.word, "a report is for somebody who waits");
      // No file here has errors of its own, so one says that the file is gone.
      if (!side->always || (record.a & loop::kReadyError) != 0) side.reset();
    }
  }

  [[nodiscard]] std::int32_t waiting() const {
    std::int32_t count = 0;
    for (const File& file : files_) count += file.sides[0].has_value() + file.sides[1].has_value();
    return count;
  }

  // Whoever waits on an open file that is ready is told; then everybody goes, and nothing is registered.
  void settle() {
    for (File& file : files_) file.bits = selector::kReadable | selector::kWritable;
    for (int i = 0; i < 3; ++i) {
      turn(0);
      consume();
    }
    for (std::uint32_t i = 0; i < kFiles; ++i) {
      const int fd = kFirst + static_cast<int>(i);
      for (const auto& side : file_of(fd).sides) {
        const bool is_registered = selector_->registrations.count(fd) != 0;
        expect(!side.has_value() || side->always || !is_registered, "who waits for a ready file is told");
      }
      forget(fd);
    }
    expect(selector_->registrations.empty() && loop_->registry().size() == 0, "nothing is left behind");
    expect(memory_.word(loop::kWatchesIndex) == 0, "nobody waits");
  }

  static std::uint32_t word_of(int fd, Direction direction) {
    return static_cast<std::uint32_t>(fd - kFirst) * 2 + static_cast<std::uint32_t>(direction);
  }

  std::array<File, kFiles> files_;
  test::RingMemory memory_{8};
  base::ManualClock clock_;
  fuzz::ScriptedSelector* selector_;
  std::unique_ptr<loop::Loop> loop_;
  std::optional<test::SimulatedDrain<loop::Loop>> drain_;
  std::int32_t word_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::Operations operations(bytes, size);
  Run().play(operations);
  return 0;
}
