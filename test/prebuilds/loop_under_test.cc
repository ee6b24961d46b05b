// See loop_under_test.h. What TypeScript's ReadyRing and Outbox do, as far as a probe needs it.
#include "loop_under_test.h"

#include <algorithm>
#include <cstring>

namespace probe {
namespace {

constexpr std::int32_t kCapacity = 256;
constexpr std::size_t kSlabBytes = 1 << 20;
constexpr std::size_t kOutboxBytes = 1 << 16;
constexpr double kPatienceMs = 2000;

std::size_t bytes_of(std::int32_t words) { return static_cast<std::size_t>(words) * sizeof(std::int32_t); }

}  // namespace

LoopUnderTest::LoopUnderTest(napi_value exports, const std::string& selector) : abi_(exports) {
  ring_ = host::make_buffer(bytes_of(abi_["headerWords"] + kCapacity * abi_["recordWords"]));
  words()[abi_["capacityIndex"]] = kCapacity;
  loop_ = host::construct(host::property(exports, "NativeLoop"), {ring_, host::make_text(selector), host::make_text("poller")});
  if (failure() != 0) return;
  slab_ = host::make_buffer(kSlabBytes);
  const std::int32_t head = abi_["outboxHeaderWords"] + abi_["outboxCapacity"] * abi_["outboxRecordWords"];
  transports_ = call("openTransports", {slab_, host::make_buffer(bytes_of(head) + kOutboxBytes)});
}

int LoopUnderTest::failure() const {
  return static_cast<int>(host::number_of(host::property(loop_, "failure")));
}

napi_value LoopUnderTest::call(const char* method, const std::vector<napi_value>& arguments) {
  return host::call(host::property(loop_, method), arguments);
}

napi_value LoopUnderTest::call_transports(const char* method, const std::vector<napi_value>& arguments) {
  return host::call(host::property(transports_, method), arguments);
}

std::vector<Record> LoopUnderTest::take() {
  std::vector<Record> records;
  const std::int32_t* first = words() + abi_["headerWords"];
  std::int32_t& head = words()[abi_["headIndex"]];
  for (; head != words()[abi_["tailIndex"]]; ++head) {
    Record record;
    std::memcpy(&record, first + (head & (kCapacity - 1)) * abi_["recordWords"], sizeof record);
    records.push_back(record);
  }
  return records;
}

std::vector<Record> LoopUnderTest::run_once(double max_wait_ms) {
  call("runOnce", {host::make_number(max_wait_ms)});
  return take();
}

bool LoopUnderTest::run_until(std::int32_t slot, Record& found) {
  for (;;) {
    const auto place = std::find_if(kept_.begin(), kept_.end(), [slot](const Record& it) { return it.slot == slot; });
    if (place != kept_.end()) {
      found = *place;
      kept_.erase(place);
      return true;
    }
    const std::vector<Record> appended = run_once(kPatienceMs);
    if (appended.empty()) return false;
    kept_.insert(kept_.end(), appended.begin(), appended.end());
  }
}

}  // namespace probe
