// The scripted calls, and the table that open_kqueue() finds in this program. Filters are reported in the order of
// their descriptors, the write filter of one before its read filter.
#include "support/scripted_kqueue.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace readyloop::test {

ScriptedKernel kernel;

namespace {

int apply_to_filter(const struct kevent& change) {
  const auto key = std::make_pair(change.ident, static_cast<int>(change.filter));
  const bool is_file = change.filter != EVFILT_USER;
  if (is_file && std::count(kernel.closed.begin(), kernel.closed.end(), change.ident) != 0) return EBADF;
  auto found = kernel.filters.find(key);
  if ((change.flags & EV_ADD) != 0) {
    const auto refusal = kernel.refusals.find(key);
    if (refusal != kernel.refusals.end()) return refusal->second;
    found = kernel.filters.emplace(key, ScriptedKernel::Filter{}).first;
    found->second.is_dispatch = (change.flags & EV_DISPATCH) != 0;
    found->second.is_clear = (change.flags & EV_CLEAR) != 0;
  }
  if (found == kernel.filters.end()) return ENOENT;
  // As in the BSDs: each change brings its user data, also one that adds nothing.
  found->second.udata = change.udata;
  if ((change.flags & (EV_ADD | EV_ENABLE)) != 0) found->second.is_enabled = true;
  if ((change.fflags & NOTE_TRIGGER) != 0) found->second.is_ready = true;
  if ((change.flags & EV_DELETE) != 0) kernel.filters.erase(found);
  return 0;
}

int apply_all(const struct kevent* changes, int count, struct kevent* receipts, int capacity) {
  int answered = 0;
  for (int i = 0; i < count; ++i) {
    const struct kevent& change = changes[i];
    kernel.changes.push_back(change);
    const int error = apply_to_filter(change);
    const bool wants_receipt = (change.flags & EV_RECEIPT) != 0;
    if (!wants_receipt && error == 0) continue;
    if (answered == capacity) return errno = error, -1;
    receipts[answered] = change;
    receipts[answered].flags = static_cast<std::uint16_t>(change.flags | EV_ERROR);
    receipts[answered].data = error;
    ++answered;
  }
  return answered;
}

int collect(struct kevent* events, int capacity) {
  int count = 0;
  for (auto& [key, filter] : kernel.filters) {
    if (count == capacity || !filter.is_enabled || !filter.is_ready) continue;
    events[count++] = {key.first, static_cast<std::int16_t>(key.second), filter.flags, filter.fflags, 0, filter.udata};
    if (filter.is_dispatch) filter.is_enabled = false;
    if (filter.is_clear) filter.is_ready = false;
  }
  return count;
}

int scripted_kevent(int, const struct kevent* changes, int change_count, struct kevent* events, int event_count,
                    const timespec* timeout) noexcept {
  if (timeout != nullptr) kernel.last_timeout = *timeout;
  const int error = std::exchange(kernel.fail_next_with, 0);
  if (error != 0) {
    // As the real call, an interrupted one has applied its changes.
    if (error == EINTR) apply_all(changes, change_count, events, event_count);
    return errno = error, -1;
  }
  return change_count > 0 ? apply_all(changes, change_count, events, event_count) : collect(events, event_count);
}

}  // namespace

void ScriptedKernel::make_ready(int fd, int filter, std::uint16_t flags, std::uint32_t fflags) {
  Filter& changed = filters.at({fd, filter});
  changed.is_ready = true;
  changed.flags = flags;
  changed.fflags = fflags;
}

void ScriptedKernel::make_quiet(int fd, int filter) { filters.at({fd, filter}).is_ready = false; }

void ScriptedKernel::close(int fd) {
  filters.erase({fd, EVFILT_READ});
  filters.erase({fd, EVFILT_WRITE});
}

}  // namespace readyloop::test

namespace readyloop::selector {

const KqueueSyscalls kKqueueSyscalls = {
    []() noexcept -> int {
      // A number that can be closed.
      if (test::kernel.fail_open_with == 0) return ::dup(0);
      return errno = test::kernel.fail_open_with, -1;
    },
    test::scripted_kevent,
};

}  // namespace readyloop::selector
