// As much of kqueue as the selector uses, on top of epoll, so that the whole native suite and the stress program can
// run the kqueue selector on Linux with real descriptors. Each filter is a registration in an epoll of its direction;
// those two and an eventfd for the user event are in an outer epoll, whose descriptor is the queue.
//
// Where it differs from the real thing: a duplicate keeps a filter of a closed descriptor alive, error numbers are
// guessed, and the descriptors inside a queue are closed only when its number is used for another queue.
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <mutex>
#include <utility>

#include "base/fd.h"

namespace {

using readyloop::base::Fd;

struct Filter {
  std::uintptr_t ident = 0;
  int filter = 0;
  bool is_dispatch = false;
  void* udata = nullptr;
};

struct Queue {
  Fd readers, writers, user;
  void* user_udata = nullptr;
  std::uint64_t next_id = 1;
  std::map<std::uint64_t, Filter> filters;                              // by the id in the epoll event
  std::map<std::pair<std::uintptr_t, int>, std::uint64_t> ids;          // by (ident, filter)

  int epoll_of(int filter) const { return (filter == EVFILT_READ ? readers : writers).get(); }
};

std::mutex guard;  // of the table and what is in it; never held while waiting
std::map<int, Queue> queues;

void watch_level(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int control(const Queue& queue, int operation, std::uint64_t id, const Filter& filter) {
  epoll_event event{};
  event.events = filter.filter == EVFILT_READ ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
  if (filter.is_dispatch) event.events |= EPOLLONESHOT;
  event.data.u64 = id;
  const int fd = static_cast<int>(filter.ident);
  return ::epoll_ctl(queue.epoll_of(filter.filter), operation, fd, &event) == 0 ? 0 : errno;
}

int drop(Queue& queue, std::pair<std::uintptr_t, int> key, std::uint64_t id, int error) {
  queue.filters.erase(id);
  queue.ids.erase(key);
  return error;
}

int add(Queue& queue, const struct kevent& change) {
  const auto key = std::make_pair(change.ident, static_cast<int>(change.filter));
  const auto known = queue.ids.find(key);
  const std::uint64_t id = known != queue.ids.end() ? known->second : queue.next_id++;
  const Filter filter{change.ident, change.filter, (change.flags & EV_DISPATCH) != 0, change.udata};
  int error = control(queue, EPOLL_CTL_ADD, id, filter);
  if (error == EEXIST) error = control(queue, EPOLL_CTL_MOD, id, filter);
  if (error != 0) return drop(queue, key, id, error);
  queue.filters[id] = filter;
  queue.ids[key] = id;
  return 0;
}

int change_user(Queue& queue, const struct kevent& change) {
  queue.user_udata = change.udata;  // replaced by each change, as the BSDs do
  const std::uint64_t one = 1;
  if ((change.fflags & NOTE_TRIGGER) != 0 && ::write(queue.user.get(), &one, sizeof one) < 0) return errno;
  return 0;
}

int apply(Queue& queue, const struct kevent& change) {
  if (change.filter == EVFILT_USER) return change_user(queue, change);
  if ((change.flags & EV_ADD) != 0) return add(queue, change);
  const auto key = std::make_pair(change.ident, static_cast<int>(change.filter));
  const auto known = queue.ids.find(key);
  if (known == queue.ids.end()) return ENOENT;
  const std::uint64_t id = known->second;
  queue.filters[id].udata = change.udata;
  const bool is_delete = (change.flags & EV_DELETE) != 0;
  const int error = control(queue, is_delete ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, id, queue.filters[id]);
  return is_delete || error != 0 ? drop(queue, key, id, error) : 0;
}

int apply_all(Queue& queue, const struct kevent* changes, int count, struct kevent* receipts, int capacity) {
  int answered = 0;
  for (int i = 0; i < count; ++i) {
    const int error = apply(queue, changes[i]);
    if (error == 0 && (changes[i].flags & EV_RECEIPT) == 0) continue;
    if (answered == capacity) return errno = error, -1;
    receipts[answered] = changes[i];
    receipts[answered].flags = static_cast<std::uint16_t>(changes[i].flags | EV_ERROR);
    receipts[answered++].data = error;
  }
  return answered;
}

int collect(Queue& queue, int epoll, struct kevent* out, int capacity) {
  std::array<epoll_event, 64> ready{};
  const int limit = capacity < 64 ? capacity : 64;
  const int count = limit == 0 ? 0 : ::epoll_wait(epoll, ready.data(), limit, 0);
  int collected = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = ready[static_cast<std::size_t>(i)];
    const auto found = queue.filters.find(event.data.u64);
    if (found == queue.filters.end()) continue;
    const bool is_over = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    const auto flags = static_cast<std::uint16_t>(is_over ? EV_EOF : 0);
    const std::uint32_t error = (event.events & EPOLLERR) != 0 ? ECONNRESET : 0;
    const Filter& filter = found->second;
    out[collected++] = {filter.ident, static_cast<std::int16_t>(filter.filter), flags, error, 0, filter.udata};
  }
  return collected;
}

int collect_user(Queue& queue, struct kevent* out) {
  std::uint64_t count = 0;
  if (::read(queue.user.get(), &count, sizeof count) < 0) return 0;
  *out = {1, EVFILT_USER, EV_CLEAR, 0, 0, queue.user_udata};
  return 1;
}

}  // namespace

int kqueue() {
  const int number = ::epoll_create1(EPOLL_CLOEXEC);
  if (number < 0) return -1;
  Queue queue;
  queue.readers = Fd(::epoll_create1(EPOLL_CLOEXEC));
  queue.writers = Fd(::epoll_create1(EPOLL_CLOEXEC));
  queue.user = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!queue.readers.valid() || !queue.writers.valid() || !queue.user.valid()) {
    readyloop::base::close_raw(number);
    return errno = EMFILE, -1;
  }
  for (const Fd* inner : {&queue.readers, &queue.writers, &queue.user}) watch_level(number, inner->get());
  const std::lock_guard<std::mutex> lock(guard);
  queues[number] = std::move(queue);
  return number;
}

int kevent(int number, const struct kevent* changes, int change_count, struct kevent* events, int event_count,
           const timespec* timeout) {
  if (change_count > 0) {
    const std::lock_guard<std::mutex> lock(guard);
    return apply_all(queues.at(number), changes, change_count, events, event_count);
  }
  if (event_count == 0) return 0;  // at once, whatever the timeout
  epoll_event ready[3];
  const long count = ::syscall(SYS_epoll_pwait2, number, ready, 3, timeout, nullptr, 0);
  if (count <= 0) return static_cast<int>(count);
  const std::lock_guard<std::mutex> lock(guard);
  Queue& queue = queues.at(number);
  int collected = collect_user(queue, events);
  collected += collect(queue, queue.readers.get(), events + collected, event_count - collected);
  return collected + collect(queue, queue.writers.get(), events + collected, event_count - collected);
}
