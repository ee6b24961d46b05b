// A kernel with one kqueue in it, as far as the selector needs one. It keeps filters as the real one does (add, enable,
// delete, dispatch, receipts), and a test plays the world: it makes filters ready, closes descriptors, and orders the
// next call to fail.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "selector/kqueue_syscalls.h"

namespace readyloop::test {

struct ScriptedKernel {
  struct Filter {
    void* udata = nullptr;
    bool is_dispatch = false;
    bool is_clear = false;
    bool is_enabled = true;
    bool is_ready = false;
    std::uint16_t flags = 0;
    std::uint32_t fflags = 0;
  };

  // The world.
  void make_ready(int fd, int filter, std::uint16_t flags = 0, std::uint32_t fflags = 0);
  void make_quiet(int fd, int filter);
  // The kernel drops a descriptor's filters when it is closed.
  void close(int fd);
  [[nodiscard]] bool has(int fd, int filter) const { return filters.count({fd, filter}) != 0; }

  std::map<std::pair<std::uintptr_t, int>, Filter> filters;
  // errno with which to refuse the addition of a filter.
  std::map<std::pair<std::uintptr_t, int>, int> refusals;
  // Descriptors that are not open: any change fails with EBADF.
  std::vector<std::uintptr_t> closed;
  int fail_next_with = 0;
  int fail_open_with = 0;
  std::vector<struct kevent> changes;  // all that were asked for
  timespec last_timeout{};
};

// Reset by each test.
extern ScriptedKernel kernel;

}  // namespace readyloop::test
