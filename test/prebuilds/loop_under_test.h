// A NativeLoop of the addon, and the ring that it shares with whoever drives it, as the probe uses them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host.h"

namespace probe {

struct Record {
  std::int32_t slot;
  std::int32_t word;
  std::int32_t a;
  std::int32_t b;
};

// The numbers that the addon exports as `abi`.
class Abi {
 public:
  explicit Abi(napi_value exports) : abi_(host::property(exports, "abi")) {}
  [[nodiscard]] std::int32_t operator[](const std::string& name) const {
    return static_cast<std::int32_t>(host::number_of(host::property(abi_, name)));
  }

 private:
  napi_value abi_;
};

class LoopUnderTest {
 public:
  LoopUnderTest(napi_value exports, const std::string& selector);

  // 0, or the negative errno with which it could not be opened.
  [[nodiscard]] int failure() const;
  napi_value call(const char* method, const std::vector<napi_value>& arguments);
  // The same of its transports.
  napi_value call_transports(const char* method, const std::vector<napi_value>& arguments);
  // One turn, which may wait for so long; then what it has appended.
  [[nodiscard]] std::vector<Record> run_once(double max_wait_ms);
  // Turns until a record of this slot, or nothing for two seconds. What came for others is kept for the next call.
  [[nodiscard]] bool run_until(std::int32_t slot, Record& found);
  [[nodiscard]] const std::uint8_t* slab() const { return host::memory_of(slab_); }

 private:
  [[nodiscard]] std::int32_t* words() const { return reinterpret_cast<std::int32_t*>(host::memory_of(ring_)); }
  [[nodiscard]] std::vector<Record> take();

  Abi abi_;
  napi_value ring_ = nullptr;
  napi_value slab_ = nullptr;
  napi_value loop_ = nullptr;
  napi_value transports_ = nullptr;
  std::vector<Record> kept_;
};

}  // namespace probe
