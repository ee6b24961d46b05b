// What every transport is: a source that owns a registered descriptor and is named by its sink. TypeScript addresses it
// by the slot and the word of that sink, the very numbers that stand in its records, so one name serves both ways and a
// stale one finds nobody.
//
// Invariant: a descriptor is in the selector exactly while its interest is not empty. With an empty one a hang-up would
// still be reported, each turn, to somebody who does not want to know.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/fd.h"
#include "base/token.h"
#include "loop/ready_queue.h"
#include "loop/registry.h"
#include "loop/source.h"
#include "transport/read_slab.h"
#include "transport/socket_calls.h"
#include "transport/transport_event.h"

namespace readyloop::transport {

// The sink's slot, and the second word of its records.
struct SinkName {
  std::uint32_t slot = 0;
  std::int32_t word = 0;
};

class Transport;

// What all transports of a loop share.
struct TransportLedger {
  loop::Registry& registry;
  loop::ReadyQueue& queue;
  ReadSlab& slab;
  const SocketCalls& calls;
  std::vector<Transport*> by_slot;  // the registry owns them
  std::uint32_t active = 0;         // those that may append a record
};

class Transport : public loop::Source {
 public:
  enum class Kind : std::uint8_t { kStream, kListener, kDatagram };

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] SinkName name() const noexcept { return name_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // Hands `transport` over to the registry and enters it under its name. On failure it is destroyed.
  static base::Status enter(std::unique_ptr<Transport> transport, selector::Interest interest) noexcept;

  // The number is anybody's once the descriptor is closed, right after this.
  ~Transport() override {
    if (is_entered_) ledger_.registry.disown(fd());
  }

  // Null: stale, or never there.
  [[nodiscard]] static Transport* find(const TransportLedger& ledger, SinkName name) noexcept;

  // Takes it out of the registry. The descriptor is closed with the object: now, or at the end of the dispatch in
  // progress. The pointer is dead afterwards.
  void retire() noexcept;

 protected:
  Transport(Kind kind, TransportLedger& ledger, base::Fd fd, SinkName name) noexcept
      : ledger_(ledger), fd_(std::move(fd)), name_(name), kind_(kind) {}

  void append(TransportEvent event, std::int32_t b) noexcept;
  // A record of what lies in the slab.
  void append_bytes(std::int32_t offset, std::int32_t size) noexcept;

  // Tells the selector, if it is a change. What the kernel refuses (ENOMEM) is the caller's to report.
  base::Status set_interest(bool readable, bool writable) noexcept;

  TransportLedger& ledger_;
  base::Fd fd_;
  SinkName name_;

 private:
  void count_active(bool is_active) noexcept;

  base::Token token_;
  Kind kind_;
  bool is_entered_ = false;
  bool reads_ = false;
  bool writes_ = false;
};

}  // namespace readyloop::transport
