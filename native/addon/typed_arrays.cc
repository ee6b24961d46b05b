// See typed_arrays.h.
#include "addon/typed_arrays.h"

namespace readyloop::addon {
namespace {

bool holds_bytes(napi_typedarray_type type) noexcept {
  return type == napi_uint8_array || type == napi_int8_array || type == napi_uint8_clamped_array;
}

}  // namespace

std::optional<Bytes> read_bytes(napi_env env, napi_value value) noexcept {
  napi_typedarray_type type = napi_int32_array;
  void* memory = nullptr;
  std::size_t size = 0;
  if (napi_get_typedarray_info(env, value, &type, &size, &memory, nullptr, nullptr) != napi_ok || !holds_bytes(type)) {
    return std::nullopt;
  }
  return Bytes{static_cast<std::uint8_t*>(memory), size};
}

std::optional<Bytes> read_part(napi_env env, napi_value value, std::uint32_t start, std::uint32_t end) noexcept {
  const std::optional<Bytes> all = read_bytes(env, value);
  if (!all || start > end || end > all->size) return std::nullopt;
  return Bytes{all->at + start, end - start};
}

std::optional<Numbers> read_numbers(napi_env env, napi_value value) noexcept {
  napi_typedarray_type type = napi_int8_array;
  void* memory = nullptr;
  std::size_t count = 0;
  if (napi_get_typedarray_info(env, value, &type, &count, &memory, nullptr, nullptr) != napi_ok ||
      type != napi_int32_array) {
    return std::nullopt;
  }
  return Numbers{static_cast<std::int32_t*>(memory), count};
}

// Asked first: some versions of Node give the memory of a SharedArrayBuffer, which other threads write.
std::optional<Memory> read_array_buffer(napi_env env, napi_value value) noexcept {
  bool is_array_buffer = false;
  Memory memory;
  if (napi_is_arraybuffer(env, value, &is_array_buffer) != napi_ok || !is_array_buffer ||
      napi_get_arraybuffer_info(env, value, &memory.at, &memory.size) != napi_ok) {
    return std::nullopt;
  }
  return memory;
}

}  // namespace readyloop::addon
