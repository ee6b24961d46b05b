// The backends that a build has, and how each is opened. Every system defines kBackends in its own file
// (backends_*.cc), its preferred backend first; selector.cc looks names up in it.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/status.h"
#include "base/syscalls.h"
#include "selector/selector.h"
#include "selector/waker.h"

namespace readyloop::selector {

struct Backend {
  std::string_view name;
  base::Result<std::unique_ptr<Selector>> (*open_selector)() noexcept;
  base::Result<std::unique_ptr<Waker>> (*open_waker)(const Selector& selector) noexcept;
};

// Ends with an entry whose name is empty.
extern const Backend kBackends[];

// One opener for each file that implements a part of the contract. A build links those that its table names.
base::Result<std::unique_ptr<Selector>> open_epoll() noexcept;
base::Result<std::unique_ptr<Selector>> open_kqueue() noexcept;
base::Result<std::unique_ptr<Selector>> open_poll() noexcept;
base::Result<std::unique_ptr<Waker>> open_eventfd_waker(const Selector& selector) noexcept;
base::Result<std::unique_ptr<Waker>> open_kqueue_waker(const Selector& selector) noexcept;
base::Result<std::unique_ptr<Waker>> open_pipe_waker(const Selector& selector) noexcept;

}  // namespace readyloop::selector
