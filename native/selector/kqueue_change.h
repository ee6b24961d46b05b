// Tokens and changes in the shapes that kevent(2) wants. Every change asks for a receipt: the call then answers each
// change with an event that carries its errno (or zero), instead of stopping at the first failure or mixing in events
// that are ready.
#pragma once

#include <cstdint>

#include "base/token.h"
#include "selector/kqueue_syscalls.h"

namespace readyloop::selector {

static_assert(sizeof(void*) == sizeof(std::uint64_t), "a token travels in the kernel's user pointer");

inline void* to_user_data(base::Token token) noexcept {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(token.bits()));
}

inline base::Token to_token(const void* user_data) noexcept {
  return base::Token::from_bits(reinterpret_cast<std::uintptr_t>(user_data));
}

inline struct kevent make_change(std::uintptr_t ident, int filter, int flags, base::Token token) noexcept {
  struct kevent change {};
  change.ident = ident;
  change.filter = static_cast<decltype(change.filter)>(filter);
  change.flags = static_cast<decltype(change.flags)>(flags | EV_RECEIPT);
  change.udata = to_user_data(token);
  return change;
}

// The errno in the receipt of a change; zero: it was applied.
inline int receipt_error(const struct kevent& receipt) noexcept {
  return (receipt.flags & EV_ERROR) != 0 ? static_cast<int>(receipt.data) : 0;
}

}  // namespace readyloop::selector
