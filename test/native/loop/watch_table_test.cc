// watch(), unwatch() and forget(), through a loop, with the ways in which users lose descriptors: closed, closed and
// reused, duplicated, reset. What depends on telling files apart is not asked of poll(2).
#include "loop/watch_table.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "support/descriptors.h"
#include "support/loop_fixture.h"

using namespace readyloop::loop;
using namespace readyloop::test;
using readyloop::base::Fd;
using readyloop::base::Pipe;
using readyloop::base::Status;
using readyloop::selector::Event;
using readyloop::selector::Interest;
using readyloop::selector::Selector;

namespace {

constexpr std::uint32_t kReader = 1;
constexpr std::uint32_t kWriter = 2;
constexpr std::int32_t kLost = kReadyHangup | kReadyError;

Status watch_read(LoopFixture& fixture, int fd, Repeat repeat = Repeat::kOnce) {
  return fixture.loop->watch(fd, Direction::kRead, kReader, 11, repeat);
}

Status watch_write(LoopFixture& fixture, int fd, Repeat repeat = Repeat::kOnce) {
  return fixture.loop->watch(fd, Direction::kWrite, kWriter, 22, repeat);
}

std::int32_t watched(LoopFixture& fixture) { return fixture.memory.word(kWatchesIndex); }

}  // namespace

TEST_CASE("watch: a readable descriptor becomes a record with its sink, its readiness and its number") {
  LoopFixture fixture;
  const Pipe pipe = make_pipe();
  REQUIRE(watch_read(fixture, pipe.reader.get()).ok());
  CHECK(watched(fixture) == 1);
  CHECK(fixture.turn().empty());
  write_byte(pipe.writer.get());
  const auto records = fixture.turn();
  REQUIRE(records.size() == 1);
  CHECK(records[0].slot == kReader);
  CHECK(records[0].word == 11);
  CHECK(records[0].a == kReadyReadable);
  CHECK(records[0].b == pipe.reader.get());
  CHECK(watched(fixture) == 0);
}

TEST_CASE("watch: once means once, and costs no event until the next watch") {
  LoopFixture fixture;
  const Pipe pipe = make_pipe();
  write_byte(pipe.writer.get());
  REQUIRE(watch_read(fixture, pipe.reader.get()).ok());
  CHECK(fixture.turn().size() == 1);
  CHECK(fixture.turn().empty());
  REQUIRE(watch_read(fixture, pipe.reader.get()).ok());
  CHECK(fixture.turn().size() == 1);
}

TEST_CASE("watch: always means once a turn while the descriptor is ready") {
  LoopFixture fixture;
  const Pipe pipe = make_pipe();
  write_byte(pipe.writer.get());
  REQUIRE(watch_read(fixture, pipe.reader.get(), Repeat::kAlways).ok());
  for (int i = 0; i < 3; ++i) CHECK(fixture.turn().size() == 1);
  CHECK(watched(fixture) == 1);
  read_byte(pipe.reader.get());
  CHECK(fixture.turn().empty());
  write_byte(pipe.writer.get());
  CHECK(fixture.turn().size() == 1);
}

TEST_CASE("watch: always is armed again by rearm_watches alone, for a driver that lets others block") {
  LoopFixture fixture;
  if (fixture.loop->descriptor() < 0) return;
  const Pipe pipe = make_pipe();
  write_byte(pipe.writer.get());
  REQUIRE(watch_read(fixture, pipe.reader.get(), Repeat::kAlways).ok());
  CHECK(fixture.turn().size() == 1);
  pollfd own{fixture.loop->descriptor(), POLLIN, 0};
  CHECK(::poll(&own, 1, 0) == 0);
  fixture.loop->rearm_watches();
  CHECK(::poll(&own, 1, 0) == 1);
}

TEST_CASE("watch: the reader's record comes before the writer's") {
  LoopFixture fixture;
  const SocketPair pair = make_socket_pair();
  write_byte(pair.right.get());
  REQUIRE(watch_write(fixture, pair.left.get()).ok());
  REQUIRE(watch_read(fixture, pair.left.get()).ok());
  const auto records = fixture.turn();
  REQUIRE(records.size() == 2);
  CHECK(records[0].slot == kReader);
  CHECK(records[0].a == kReadyReadable);
  CHECK(records[1].slot == kWriter);
  CHECK(records[1].a == kReadyWritable);
}

TEST_CASE("watch: one direction's report leaves the other waiting") {
  LoopFixture fixture;
  const SocketPair pair = make_socket_pair();
  REQUIRE(watch_read(fixture, pair.left.get()).ok());
  REQUIRE(watch_write(fixture, pair.left.get()).ok());
  CHECK(fixture.turn().size() == 1);
  CHECK(watched(fixture) == 1);
  write_byte(pair.right.get());
  const auto records = fixture.turn();
  REQUIRE(records.size() == 1);
  CHECK(records[0].slot == kReader);
}

TEST_CASE("watch: a reset connection wakes the reader and the writer, the reader first") {
  LoopFixture fixture;
  SocketPair pair = make_tcp_pair();
  fill(pair.left.get());
  REQUIRE(watch_read(fixture, pair.left.get()).ok());
  REQUIRE(watch_write(fixture, pair.left.get()).ok());
  CHECK(fixture.turn().empty());
  close_with_reset(pair.right);
  const auto records = fixture.turn();
  REQUIRE(records.size() == 2);
  CHECK(records[0].slot == kReader);
  CHECK(records[1].slot == kWriter);
  for (const Record& record : records) CHECK((record.a & kReadyError) != 0);
}

TEST_CASE("watch: a second watch replaces the first without a report to it") {
  LoopFixture fixture;
  const Pipe pipe = make_pipe();
  write_byte(pipe.writer.get());
  REQUIRE(watch_read(fixture, pipe.reader.get()).ok());
  REQUIRE(fixture.loop->watch(pipe.reader.get(), Direction::kRead, 33, 44, Repeat::kOnce).ok());
  CHECK(watched(fixture) == 1);
  const auto records = fixture.turn();
  REQUIRE(records.size() == 1);
  CHECK(records[0].slot == 33);
  CHECK(records[0].word == 44);
}

TEST_CASE("watch: refuses closed descriptors, regular files and directories") {
  LoopFixture fixture;
  const Fd directory(::open("/", O_RDONLY | O_CLOEXEC));
  const Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK(watch_read(fixture, directory.get()).error() == EPERM);
  CHECK(watch_read(fixture, file.get()).error() == EPERM);
  CHECK(watch_read(fixture, -1).error() == EBADF);
  CHECK(watch_read(fixture, 1 << 20).error() == EBADF);
  CHECK(watched(fixture) == 0);
}

TEST_CASE("unwatch: says whether there was a watch, and leaves nothing behind") {
  LoopFixture fixture;
  const SocketPair pair = make_socket_pair();
  CHECK_FALSE(fixture.loop->unwatch(pair.left.get(), Direction::kRead));
  REQUIRE(watch_read(fixture, pair.left.get()).ok());
  CHECK_FALSE(fixture.loop->unwatch(pair.left.get(), Direction::kWrite));
  CHECK(fixture.loop->unwatch(pair.left.get(), Direction::kRead));
  CHECK_FALSE(fixture.loop->unwatch(pair.left.get(), Direction::kRead));
  CHECK(watched(fixture) == 0);
  CHECK(fixture.loop->registry().size() == 0);
  write_byte(pair.right.get());
  CHECK(fixture.turn().empty());
}

TEST_CASE("unwatch: leaves the other direction armed") {
  LoopFixture fixture;
  const SocketPair pair = make_socket_pair();
  write_byte(pair.right.get());
  REQUIRE(watch_read(fixture, pair.left.get()).ok());
  REQUIRE(watch_write(fixture, pair.left.get()).ok());
  CHECK(fixture.loop->unwatch(pair.left.get(), Direction::kWrite));
  const auto records = fixture.turn();
  REQUIRE(records.size() == 1);
  CHECK(records[0].slot == kReader);
}

TEST_CASE("unwatch: after a report of an always-watch nothing more comes") {
  LoopFixture fixture;
  const Pipe pipe = make_pipe();
  write_byte(pipe.writer.get());
  REQUIRE(watch_read(fixture, pipe.reader.get(), Repeat::kAlways).ok());
  CHECK(fixture.turn().size() == 1);
  CHECK(fixture.loop->unwatch(pipe.reader.get(), Direction::kRead));
  CHECK(fixture.turn().empty());
  REQUIRE(watch_read(fixture, pipe.reader.get(), Repeat::kAlways).ok());
  CHECK(fixture.turn().size() == 1);
}

TEST_CASE("forget: drops both directions, and the number may be used again") {
  LoopFixture fixture;
  SocketPair pair = make_socket_pair();
  const Pipe pipe = make_pipe();
  const int number = pair.left.get();
  write_byte(pair.right.get());
  REQUIRE(watch_read(fixture, number).ok());
  REQUIRE(watch_write(fixture, number, Repeat::kAlways).ok());
  fixture.loop->forget(number);
  fixture.loop->forget(number);
  fixture.loop->forget(-1);
  CHECK(watched(fixture) == 0);
  CHECK(fixture.loop->registry().size() == 0);
  pair.left.reset();
  const Fd reused = duplicate_as(pipe.reader.get(), number);
  CHECK(fixture.turn().empty());
  write_byte(pipe.writer.get());
  REQUIRE(watch_read(fixture, number).ok());
  CHECK(fixture.turn().size() == 1);
}

TEST_CASE("watch: gives a reused number a new token") {
  if (!tells_files_apart()) return;
  LoopFixture fixture;
  SocketPair old = make_socket_pair();
  const Fd duplicate(::fcntl(old.left.get(), F_DUPFD_CLOEXEC, 0));
  const SocketPair fresh = make_socket_pair();
  const int number = old.left.get();
  REQUIRE(watch_read(fixture, number).ok());
  old.left.reset();
  const Fd reused = duplicate_as(fresh.left.get(), number);
  REQUIRE(watch_write(fixture, number).ok());
  // The old file's reader is told; the new file's writer is not mistaken for it, and is still watched.
  auto records = fixture.turn();
  REQUIRE(records.size() == 2);
  CHECK(records[0].slot == kReader);
  CHECK(records[0].a == kLost);
  CHECK(records[1].slot == kWriter);
  CHECK(records[1].a == kReadyWritable);
  // The duplicate keeps the old registration alive in epoll; its event finds nobody.
  REQUIRE(fixture.loop->watch(number, Direction::kRead, 33, 44, Repeat::kOnce).ok());
  write_byte(old.right.get());
  CHECK(fixture.turn().empty());
}

TEST_CASE("watch: a reader that waits through the reuse of its number gets no event of the new file") {
  if (!tells_files_apart()) return;
  LoopFixture fixture;
  Pipe old = make_pipe();
  const Pipe fresh = make_pipe();
  const int number = old.reader.get();
  REQUIRE(watch_read(fixture, number).ok());
  old.reader.reset();
  const Fd reused = duplicate_as(fresh.reader.get(), number);
  write_byte(fresh.writer.get());
  CHECK(fixture.turn().empty());
}

TEST_CASE("watch: an always-watch whose descriptor was closed is told once and ends") {
  LoopFixture fixture;
  Pipe pipe = make_pipe();
  write_byte(pipe.writer.get());
  REQUIRE(watch_read(fixture, pipe.reader.get(), Repeat::kAlways).ok());
  CHECK(fixture.turn().size() == 1);
  pipe.reader.reset();
  const auto records = fixture.turn();
  REQUIRE(records.size() == 1);
  CHECK(records[0].a == kLost);
  CHECK(watched(fixture) == 0);
  for (int i = 0; i < 3; ++i) CHECK(fixture.turn().empty());
}

TEST_CASE("watch: an always-watch whose number was reused is told once and ends") {
  if (!tells_files_apart()) return;
  LoopFixture fixture;
  Pipe old = make_pipe();
  const Pipe fresh = make_pipe();
  const int number = old.reader.get();
  write_byte(old.writer.get());
  write_byte(fresh.writer.get());
  REQUIRE(watch_read(fixture, number, Repeat::kAlways).ok());
  CHECK(fixture.turn().size() == 1);
  old.reader.reset();
  const Fd reused = duplicate_as(fresh.reader.get(), number);
  const auto records = fixture.turn();
  REQUIRE(records.size() == 1);
  CHECK(records[0].a == kLost);
  CHECK(fixture.turn().empty());
}

TEST_CASE("watch: a forgotten duplicate of a closed descriptor cannot spin the loop") {
  LoopFixture fixture;
  Pipe pipe = make_pipe();
  const Fd duplicate(::fcntl(pipe.reader.get(), F_DUPFD_CLOEXEC, 0));
  write_byte(pipe.writer.get());
  REQUIRE(watch_read(fixture, pipe.reader.get(), Repeat::kAlways).ok());
  pipe.reader.reset();
  std::size_t reports = 0;
  for (int i = 0; i < 5; ++i) reports += fixture.turn().size();
  CHECK(reports <= 2);
  CHECK(watched(fixture) == 0);
}

TEST_CASE("unwatch: narrowing a watch whose descriptor was closed tells the one that is left") {
  if (!tells_files_apart()) return;
  LoopFixture fixture;
  SocketPair pair = make_socket_pair();
  fill(pair.left.get());
  const int number = pair.left.get();
  REQUIRE(watch_read(fixture, number).ok());
  REQUIRE(watch_write(fixture, number).ok());
  pair.left.reset();
  CHECK(fixture.loop->unwatch(number, Direction::kWrite));
  const auto records = fixture.turn();
  REQUIRE(records.size() == 1);
  CHECK(records[0].slot == kReader);
  CHECK(records[0].a == kLost);
}

namespace {

// Refuses to wait for room: with EPIPE, as macOS does in a pipe without a reader, or with another errno.
class RefusingSelector final : public Selector {
 public:
  explicit RefusingSelector(int error) noexcept : error_(error) {}

  std::string_view name() const noexcept override { return "poll"; }
  int descriptor() const noexcept override { return -1; }
  Status register_fd(int, readyloop::base::Token, Interest interest) noexcept override { return refuse(interest); }
  Status modify_fd(int, readyloop::base::Token, Interest interest) noexcept override { return refuse(interest); }
  Status deregister_fd(int) noexcept override { return {}; }
  Status select(readyloop::base::Duration, std::vector<Event>& ready) noexcept override {
    ready.clear();
    return {};
  }

 private:
  Status refuse(Interest interest) const noexcept { return interest.writable ? Status(error_, "kevent") : Status(); }

  int error_;
};

}  // namespace

TEST_CASE("watch: reports a broken pipe at once") {
  LoopFixture fixture(64, std::make_unique<RefusingSelector>(EPIPE));
  const SocketPair pair = make_socket_pair();
  const int fd = pair.left.get();
  for (int i = 0; i < 2; ++i) {
    REQUIRE(watch_write(fixture, fd).ok());
    CHECK(fixture.loop->has_records());
    const auto records = fixture.turn();
    REQUIRE(records.size() == 1);
    CHECK(records[0].slot == kWriter);
    CHECK(records[0].a == kLost);
    REQUIRE(watch_read(fixture, fd).ok());
    CHECK(watched(fixture) == 1);
  }
}

TEST_CASE("watch: one that there is no memory for fails, and whoever waited before still does") {
  LoopFixture fixture(64, std::make_unique<RefusingSelector>(ENOMEM));
  const SocketPair pair = make_socket_pair();
  const int fd = pair.left.get();
  REQUIRE(watch_read(fixture, fd).ok());
  CHECK(watch_write(fixture, fd).error() == ENOMEM);
  CHECK(watched(fixture) == 1);
  CHECK(fixture.loop->unwatch(fd, Direction::kRead));
}

namespace {

// Takes a registration, and has no memory for a change of it.
class FullSelector final : public Selector {
 public:
  std::string_view name() const noexcept override { return "poll"; }
  int descriptor() const noexcept override { return -1; }
  Status register_fd(int, readyloop::base::Token, Interest) noexcept override { return {}; }
  Status modify_fd(int, readyloop::base::Token, Interest) noexcept override { return Status(ENOMEM, "epoll_ctl"); }
  Status deregister_fd(int) noexcept override { return {}; }
  Status select(readyloop::base::Duration, std::vector<Event>& ready) noexcept override {
    ready.clear();
    return {};
  }
};

}  // namespace

TEST_CASE("watch: a watch that there is no memory for does not take the place of the one before") {
  LoopFixture fixture(64, std::make_unique<FullSelector>());
  const SocketPair pair = make_socket_pair();
  REQUIRE(watch_read(fixture, pair.left.get()).ok());
  CHECK(fixture.loop->watch(pair.left.get(), Direction::kRead, 7, 77, Repeat::kOnce).error() == ENOMEM);
  CHECK(watched(fixture) == 1);
  CHECK(fixture.loop->unwatch(pair.left.get(), Direction::kRead));
}
