// One thing that is ready to run, in four integers, and the numbers in it that C++ and TypeScript share.
// lib/engine/abi.ts mirrors this file, and a contract test compares the two through the addon. The native
// side never interprets `word`: TypeScript packs a generation and a kind into it and gets it back unchanged.
#pragma once

#include <cstdint>

#include "selector/interest.h"

namespace readyloop::loop {

struct Record {
  std::int32_t slot = 0;
  std::int32_t word = 0;
  std::int32_t a = 0;
  std::int32_t b = 0;
};
static_assert(sizeof(Record) == 16, "a record is four words of the shared ring");

// word = generation << kKindBits | kind
inline constexpr std::int32_t kKindBits = 4;

enum class Kind : std::int32_t {
  kStep = 1,      // step a task
  kHandle = 2,    // run a callSoon handle
  kReaction = 3,  // wake an async function
  kTimer = 4,     // a due timer
  kReady = 5,     // a ready descriptor: a = readiness bits, b = the descriptor
  kTransport = 6, // bytes or an event of a transport: see transport/transport_event.h
};

// The readiness bits of a kReady record are those of selector::Readiness.
inline constexpr std::int32_t kReadyReadable = selector::kReadable;
inline constexpr std::int32_t kReadyWritable = selector::kWritable;
inline constexpr std::int32_t kReadyHangup = selector::kHangup;
inline constexpr std::int32_t kReadyError = selector::kError;

// What TypeScript's drain answers to the driver.
inline constexpr std::int32_t kDrainDone = 0;
inline constexpr std::int32_t kDrainReenter = 1;

}  // namespace readyloop::loop
