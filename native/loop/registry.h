// The half of the loop that sources may see: which descriptors are registered, under which tokens. It owns the
// sources.
//
// Invariant: a token that was deregistered finds nothing, at once and for ever; the object behind it lives until
// the dispatch in progress is over, because it may be the one that is running.
// It reads no events and runs no source.
#pragma once

#include <memory>
#include <vector>

#include "base/slab.h"
#include "base/status.h"
#include "base/token.h"
#include "loop/source.h"
#include "selector/selector.h"

namespace readyloop::loop {

class Registry final {
 public:
  explicit Registry(selector::Selector& selector) noexcept : selector_(selector) {}
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Takes the source over and registers `fd` for it. On failure the source is destroyed.
  [[nodiscard]] base::Result<base::Token> register_source(std::unique_ptr<Source> source, int fd,
                                                          selector::Interest interest) noexcept;

  // ENOENT, EBADF: the descriptor was closed since; see Selector::modify_fd.
  base::Status modify(base::Token token, selector::Interest interest) noexcept;

  // Stops the events of a source that stays, because an empty interest would not: hang-ups and errors are reported
  // regardless. resume() starts them again, under the same token; ENOENT: a stale one.
  void pause(base::Token token) noexcept;
  base::Status resume(base::Token token, selector::Interest interest) noexcept;

  // Stops the events first, then retires the token. The caller closes the descriptor after this call, because
  // epoll can no longer be asked to forget a closed number whose duplicate lives on.
  // False: there was no such source.
  bool deregister(base::Token token) noexcept;

  // Null: a stale token.
  [[nodiscard]] Source* find(base::Token token) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  // Descriptors that belong to a source of the loop's own, which nobody else may watch: epoll knows a number once, so a
  // watch would take the source's events away. Owned from the registration until the owner closes it.
  void own(int fd) noexcept;
  void disown(int fd) noexcept { owned_[static_cast<std::size_t>(fd)] = false; }
  [[nodiscard]] bool owns(int fd) const noexcept {
    return fd >= 0 && static_cast<std::size_t>(fd) < owned_.size() && owned_[static_cast<std::size_t>(fd)];
  }

  // The loop's brackets around the calls of on_ready.
  void begin_dispatch() noexcept { dispatching_ = true; }
  void release_closed() noexcept;

 private:
  struct Entry {
    std::unique_ptr<Source> source;
    int fd = -1;
  };

  selector::Selector& selector_;
  std::vector<bool> owned_;  // before the sources, which disown when they go
  base::Slab<Entry> entries_;
  std::vector<std::unique_ptr<Source>> closed_;
  bool dispatching_ = false;
};

}  // namespace readyloop::loop
