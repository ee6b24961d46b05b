// Chooses a backend by name. The build can name its default (READYLOOP_DEFAULT_SELECTOR); otherwise the first
// backend of the system's table is it.
#include "selector/selector.h"

#include <cerrno>

#include "selector/backends.h"
#include "selector/waker.h"

#ifndef READYLOOP_DEFAULT_SELECTOR
#define READYLOOP_DEFAULT_SELECTOR ""
#endif

namespace readyloop::selector {

namespace {

const Backend* find_backend(std::string_view name) noexcept {
  for (const Backend* backend = kBackends; !backend->name.empty(); ++backend) {
    if (backend->name == name) return backend;
  }
  return nullptr;
}

std::string_view default_name() noexcept {
  constexpr std::string_view chosen = READYLOOP_DEFAULT_SELECTOR;
  return chosen.empty() ? kBackends[0].name : chosen;
}

bool is_backend_elsewhere(std::string_view name) noexcept {
  return name == "epoll" || name == "kqueue" || name == "poll";
}

}  // namespace

base::Result<std::unique_ptr<Selector>> Selector::create(std::string_view name) {
  const std::string_view wanted = name.empty() ? default_name() : name;
  const Backend* backend = find_backend(wanted);
  if (backend != nullptr) return backend->open_selector();
  return base::Status(is_backend_elsewhere(wanted) ? ENOSYS : EINVAL, "selector");
}

const std::vector<std::string_view>& Selector::names() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> names{default_name()};
    for (const Backend* backend = kBackends; !backend->name.empty(); ++backend) {
      if (backend->name != names.front()) names.push_back(backend->name);
    }
    return names;
  }();
  return all;
}

void Selector::append_pollfds(std::vector<pollfd>& /*out*/) const {}

std::uint64_t Selector::pollfds_revision() const noexcept { return 0; }

base::Result<std::unique_ptr<Waker>> Waker::create(const Selector& selector) {
  const Backend* backend = find_backend(selector.name());
  if (backend == nullptr) return base::Status(ENOSYS, "waker");
  return backend->open_waker(selector);
}

}  // namespace readyloop::selector
