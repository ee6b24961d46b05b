// Registering and deregistering sources, in the one order that leaves no stale event and no dangling source. The slab
// makes the tokens, the selector carries them; this file decides which of the two is told first.
#include "loop/registry.h"

#include <cassert>
#include <cerrno>
#include <utility>

namespace readyloop::loop {

base::Result<base::Token> Registry::register_source(std::unique_ptr<Source> source, int fd,
                                                    selector::Interest interest) noexcept {
  const base::Token token = entries_.insert(Entry{std::move(source), fd});
  const base::Status registered = selector_.register_fd(fd, token, interest);
  if (registered.ok()) return token;
  entries_.erase(token);
  return registered;
}

base::Status Registry::modify(base::Token token, selector::Interest interest) noexcept {
  const Entry* entry = entries_.find(token);
  if (entry == nullptr) return base::Status(ENOENT, "registry");
  return selector_.modify_fd(entry->fd, token, interest);
}

void Registry::pause(base::Token token) noexcept {
  const Entry* entry = entries_.find(token);
  if (entry == nullptr) return;
  const base::Status silenced = selector_.deregister_fd(entry->fd);
  assert(silenced.ok() && "a selector refuses to forget only what it was never told");
  static_cast<void>(silenced);
}

base::Status Registry::resume(base::Token token, selector::Interest interest) noexcept {
  const Entry* entry = entries_.find(token);
  if (entry == nullptr) return base::Status(ENOENT, "registry");
  return selector_.register_fd(entry->fd, token, interest);
}

bool Registry::deregister(base::Token token) noexcept {
  std::optional<Entry> entry = entries_.erase(token);
  if (!entry.has_value()) return false;
  const base::Status silenced = selector_.deregister_fd(entry->fd);
  assert(silenced.ok() && "a selector refuses to forget only what it was never told");
  static_cast<void>(silenced);
  if (dispatching_) closed_.push_back(std::move(entry->source));
  return true;
}

Source* Registry::find(base::Token token) noexcept {
  const Entry* entry = entries_.find(token);
  return entry == nullptr ? nullptr : entry->source.get();
}

void Registry::own(int fd) noexcept {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= owned_.size()) owned_.resize(index + 1, false);
  owned_[index] = true;
}

// The list is taken out first: a source's destructor may deregister another source.
void Registry::release_closed() noexcept {
  dispatching_ = false;
  std::vector<std::unique_ptr<Source>> released;
  released.swap(closed_);
}

}  // namespace readyloop::loop
