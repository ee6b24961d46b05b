// The memory behind the arrays that JavaScript passes. It is asked for here and nowhere else, and only of what is known
// to be such an array: Node 20.11 ends the process when napi_get_buffer_info is asked about anything else, where later
// versions answer with a status (test/engine/wrong_arguments.test.ts).
//
// What comes back is valid until JavaScript runs again: it may detach or resize the array.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace readyloop::addon {

struct Bytes {
  std::uint8_t* at = nullptr;
  std::size_t size = 0;
};

struct Numbers {
  std::int32_t* at = nullptr;
  std::size_t count = 0;
};

struct Memory {
  void* at = nullptr;
  std::size_t size = 0;
};

// No value: it is no Buffer, and no other typed array of single bytes.
[[nodiscard]] std::optional<Bytes> read_bytes(napi_env env, napi_value value) noexcept;

// The part from `start` to `end`. No value: as above, or the part is not inside.
[[nodiscard]] std::optional<Bytes> read_part(napi_env env, napi_value value, std::uint32_t start,
                                             std::uint32_t end) noexcept;

// No value: it is no Int32Array.
[[nodiscard]] std::optional<Numbers> read_numbers(napi_env env, napi_value value) noexcept;

// No value: it is no ArrayBuffer. (A shared one is none.)
[[nodiscard]] std::optional<Memory> read_array_buffer(napi_env env, napi_value value) noexcept;

[[nodiscard]] inline bool is_null(napi_env env, napi_value value) noexcept {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_null;
}

}  // namespace readyloop::addon
