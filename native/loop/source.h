// A native object that owns, or watches, one registered descriptor. The loop calls it when the descriptor is
// ready; it does its I/O within its budget and appends records.
// A source sees the registry and the ready queue, never the loop, so it cannot run a turn inside a turn. It may
// deregister any source from within on_ready, itself included: the registry keeps the object until the
// dispatch is over.
#pragma once

#include "selector/interest.h"

namespace readyloop::loop {

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  virtual void on_ready(selector::Readiness readiness) noexcept = 0;
};

}  // namespace readyloop::loop
