// Watches by descriptor number, and what to do when a number is not what it was. See watch_table.h.
#include "loop/watch_table.h"

#include <cassert>
#include <cerrno>
#include <limits>
#include <memory>
#include <utility>

namespace readyloop::loop {

namespace {

constexpr base::Token kNoToken{std::numeric_limits<std::uint32_t>::max(), 0};

}  // namespace

WatchTable::WatchTable(Registry& registry, ReadyQueue& queue, const base::Syscalls& syscalls) noexcept
    : registry_(registry), syscalls_(syscalls), ledger_{queue, 0, {}} {}

FdWatch* WatchTable::find(int fd) noexcept {
  const auto index = static_cast<std::size_t>(fd);
  if (fd < 0 || index >= tokens_.size()) return nullptr;
  // Only this table makes the tokens it holds, and each stands for a watch.
  return static_cast<FdWatch*>(registry_.find(tokens_[index]));
}

// Asked before the selector is, so that the backends agree: epoll refuses files with EPERM, poll(2) and kqueue would
// report them as ready, always or once. (watch_table_test: "refuses closed descriptors…")
base::Status WatchTable::check_pollable(int fd) const noexcept {
  if (registry_.owns(fd)) return base::Status(EBUSY, "watch");
  struct stat facts {};
  if (syscalls_.fstat(fd, &facts) != 0) return base::Status::from_errno("fstat");
  if (S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode)) return base::Status(EPERM, "watch");
  return {};
}

base::Status WatchTable::watch(int fd, Direction direction, std::uint32_t slot, std::int32_t word,
                               Repeat repeat) noexcept {
  const base::Status pollable = check_pollable(fd);
  if (!pollable.ok()) return pollable;
  FdWatch* watch = find(fd);
  if (watch == nullptr) return start(fd, direction, slot, word, repeat);

  const FdWatch::Side before = watch->side(direction);
  watch->want(direction, slot, word, repeat);
  const base::Status armed = registry_.modify(tokens_[static_cast<std::size_t>(fd)], watch->interest());
  if (armed.ok()) {
    watch->set_armed();
    return {};
  }
  watch->unwant(direction);
  if (armed.error() == EPIPE) return report_broken(fd, slot, word);
  if (armed.error() != ENOENT) {
    // The kernel kept the registration as it was (ENOMEM), and so does who waited before.
    // (watch_table_test: "watch: a watch that there is no memory for…")
    watch->restore(direction, before);
    return armed;
  }
  // The number was closed without forget() and belongs to another file now. Who still waits in the other direction
  // waits for the old file. (watch_table_test: "gives a reused number a new token")
  watch->on_gone();
  retire(fd);
  return start(fd, direction, slot, word, repeat);
}

base::Status WatchTable::start(int fd, Direction direction, std::uint32_t slot, std::int32_t word,
                               Repeat repeat) noexcept {
  auto owned = std::make_unique<FdWatch>(fd, ledger_);
  FdWatch& watch = *owned;
  const selector::Interest interest{direction == Direction::kRead, direction == Direction::kWrite,
                                    selector::Mode::kOneShot};
  base::Result<base::Token> token = registry_.register_source(std::move(owned), fd, interest);
  if (token.error() == EPIPE) return report_broken(fd, slot, word);
  if (!token.ok()) return token.status();
  watch.want(direction, slot, word, repeat);
  const auto index = static_cast<std::size_t>(fd);
  if (index >= tokens_.size()) tokens_.resize(index + 1, kNoToken);
  tokens_[index] = token.value();
  return {};
}

// EPIPE is macOS' answer to waiting for room in a pipe that nobody can read any more. Other systems take such a watch
// and report an error at once; so do we. (watch_table_test: "reports a broken pipe at once")
base::Status WatchTable::report_broken(int fd, std::uint32_t slot, std::int32_t word) noexcept {
  constexpr std::int32_t kBroken = kReadyHangup | kReadyError;
  ledger_.queue.append(Record{static_cast<std::int32_t>(slot), word, kBroken, fd});
  return {};
}

// With nobody left to tell, the registration is removed rather than emptied: epoll reports hang-ups and errors even to
// an empty interest. (watch_table_test: "says whether there was a watch, and leaves nothing behind")
bool WatchTable::unwatch(int fd, Direction direction) noexcept {
  FdWatch* watch = find(fd);
  if (watch == nullptr || !watch->unwant(direction)) return false;
  if (watch->interest().none()) {
    retire(fd);
    return true;
  }
  arm(fd, *watch);
  return true;
}

void WatchTable::forget(int fd) noexcept {
  FdWatch* watch = find(fd);
  if (watch == nullptr) return;
  watch->unwant(Direction::kRead);
  watch->unwant(Direction::kWrite);
  retire(fd);
}

void WatchTable::retire(int fd) noexcept {
  base::Token& token = tokens_[static_cast<std::size_t>(fd)];
  const bool known = registry_.deregister(token);
  assert(known && "only this table deregisters watches");
  static_cast<void>(known);
  token = kNoToken;
}

// A watch that cannot be armed again is told so once and ends, instead of sleeping for ever. Typically its descriptor
// was closed without forget(): EBADF, or ENOENT if the number is in use again.
void WatchTable::arm(int fd, FdWatch& watch) noexcept {
  if (registry_.modify(tokens_[static_cast<std::size_t>(fd)], watch.interest()).ok()) {
    watch.set_armed();
    return;
  }
  watch.on_gone();
  retire(fd);
}

void WatchTable::rearm() noexcept {
  for (const int fd : ledger_.to_rearm) {
    FdWatch* watch = find(fd);
    if (watch != nullptr && watch->disarmed() && !watch->interest().none()) arm(fd, *watch);
  }
  ledger_.to_rearm.clear();
}

}  // namespace readyloop::loop
