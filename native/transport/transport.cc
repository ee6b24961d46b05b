// Entering, finding and retiring. See transport.h.
#include "transport/transport.h"

#include <utility>

#include "loop/ready_ring.h"
#include "loop/record.h"

namespace readyloop::transport {

base::Status Transport::enter(std::unique_ptr<Transport> transport, selector::Interest interest) noexcept {
  Transport& entered = *transport;
  TransportLedger& ledger = entered.ledger_;
  base::Result<base::Token> token = ledger.registry.register_source(std::move(transport), entered.fd(), interest);
  if (!token.ok()) return token.status();
  entered.token_ = token.value();
  entered.is_entered_ = true;
  ledger.registry.own(entered.fd());
  entered.reads_ = interest.readable;
  entered.writes_ = interest.writable;
  if (interest.none()) ledger.registry.pause(entered.token_);
  else entered.count_active(true);
  const std::size_t slot = entered.name_.slot;
  if (slot >= ledger.by_slot.size()) ledger.by_slot.resize(slot + 1, nullptr);
  ledger.by_slot[slot] = &entered;
  return {};
}

Transport* Transport::find(const TransportLedger& ledger, SinkName name) noexcept {
  if (name.slot >= ledger.by_slot.size()) return nullptr;
  Transport* found = ledger.by_slot[name.slot];
  return found != nullptr && found->name_.word == name.word ? found : nullptr;
}

void Transport::retire() noexcept {
  if (reads_ || writes_) count_active(false);
  ledger_.by_slot[name_.slot] = nullptr;
  static_cast<void>(ledger_.registry.deregister(token_));
}

void Transport::append(TransportEvent event, std::int32_t b) noexcept {
  ledger_.queue.append(
      loop::Record{static_cast<std::int32_t>(name_.slot), name_.word, static_cast<std::int32_t>(event), b});
}

void Transport::append_bytes(std::int32_t offset, std::int32_t size) noexcept {
  ledger_.queue.append(loop::Record{static_cast<std::int32_t>(name_.slot), name_.word, offset, size});
}

base::Status Transport::set_interest(bool readable, bool writable) noexcept {
  if (readable == reads_ && writable == writes_) return {};
  const bool was_active = reads_ || writes_;
  const selector::Interest interest{readable, writable, selector::Mode::kLevel};
  base::Status told;
  if (interest.none()) {
    ledger_.registry.pause(token_);
  } else if (was_active) {
    told = ledger_.registry.modify(token_, interest);
  } else {
    told = ledger_.registry.resume(token_, interest);
  }
  if (!told.ok()) return told;
  reads_ = readable;
  writes_ = writable;
  if (was_active != !interest.none()) count_active(!was_active);
  return {};
}

void Transport::count_active(bool is_active) noexcept {
  ledger_.active += is_active ? 1U : ~0U;
  ledger_.queue.ring().set_word(loop::kTransportsIndex, ledger_.active);
}

}  // namespace readyloop::transport
