// Values of the stand-in for Node, and the Node-API functions over them. One thread calls; handles live until collect().
#include "host.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>

namespace {

struct Finalizer {
  napi_finalize call;
  void* data;
  void* hint;
};

struct Value {
  napi_valuetype type = napi_undefined;
  double number = 0;
  std::string text;
  std::map<std::string, napi_value> properties;
  std::vector<napi_value> elements;
  // Of an ArrayBuffer, or of the one that a typed array looks at.
  std::vector<std::uint64_t>* memory = nullptr;
  std::size_t offset = 0;
  std::size_t size = 0;
  bool is_view = false;
  napi_typedarray_type elements_are = napi_uint8_array;
  napi_callback function = nullptr;
  void* closure = nullptr;
  std::vector<Finalizer> finalizers;
};

struct Call {
  napi_value target = nullptr;
  napi_value new_target = nullptr;
  const std::vector<napi_value>& arguments;
  void* closure;
};

struct Hook {
  napi_cleanup_hook call;
  void* data;
};

std::vector<Hook>& hooks() {
  static std::vector<Hook> registered;
  return registered;
}

std::vector<std::unique_ptr<Value>>& arena() {
  static std::vector<std::unique_ptr<Value>> values;
  return values;
}

Value& of(napi_value value) noexcept { return *reinterpret_cast<Value*>(value); }

napi_value make(napi_valuetype type) {
  arena().push_back(std::make_unique<Value>());
  arena().back()->type = type;
  return reinterpret_cast<napi_value>(arena().back().get());
}

napi_status give(napi_value value, napi_value* result) noexcept {
  *result = value;
  return napi_ok;
}

bool is_memory(napi_value value, bool view) noexcept {
  return value != nullptr && of(value).memory != nullptr && of(value).is_view == view;
}

napi_value invoke(napi_value function, napi_value target, napi_value new_target,
                  const std::vector<napi_value>& arguments) {
  Call call{target, new_target, arguments, of(function).closure};
  return of(function).function(host::env(), reinterpret_cast<napi_callback_info>(&call));
}

}  // namespace

namespace host {

napi_env env() noexcept {
  static int place = 0;
  return reinterpret_cast<napi_env>(&place);
}

napi_value make_undefined() { return make(napi_undefined); }
napi_value make_object() { return make(napi_object); }

napi_value make_number(double value) {
  const napi_value result = make(napi_number);
  of(result).number = value;
  return result;
}

napi_value make_boolean(bool value) {
  const napi_value result = make(napi_boolean);
  of(result).number = value ? 1 : 0;
  return result;
}

napi_value make_text(const std::string& text) {
  const napi_value result = make(napi_string);
  of(result).text = text;
  return result;
}

napi_value make_buffer(std::size_t size) {
  const napi_value result = make(napi_object);
  static std::vector<std::unique_ptr<std::vector<std::uint64_t>>> blocks;
  blocks.push_back(std::make_unique<std::vector<std::uint64_t>>(size / sizeof(std::uint64_t) + 1));
  of(result).memory = blocks.back().get();
  of(result).size = size;
  return result;
}

napi_value make_bytes(std::size_t size) {
  napi_value result = nullptr;
  napi_create_typedarray(env(), napi_uint8_array, size, make_buffer(size), 0, &result);
  return result;
}

napi_valuetype type_of(napi_value value) noexcept { return value == nullptr ? napi_undefined : of(value).type; }
double number_of(napi_value value) noexcept { return of(value).number; }
const std::string& text_of(napi_value value) noexcept { return of(value).text; }

std::uint8_t* memory_of(napi_value value) noexcept {
  return reinterpret_cast<std::uint8_t*>(of(value).memory->data()) + of(value).offset;
}

napi_value property(napi_value object, const std::string& name) {
  const auto found = of(object).properties.find(name);
  return found == of(object).properties.end() ? make_undefined() : found->second;
}

std::vector<napi_value> elements(napi_value array) { return of(array).elements; }

napi_value call(napi_value function, const std::vector<napi_value>& arguments) {
  if (type_of(function) != napi_function) {
    std::fputs("host: not a function was called\n", stderr);
    std::abort();
  }
  return invoke(function, make_undefined(), nullptr, arguments);
}

napi_value construct(napi_value function, const std::vector<napi_value>& arguments) {
  return invoke(function, make_object(), function, arguments);
}

std::size_t collect() {
  std::size_t count = 0;
  // The one that came last goes first, and may remove others.
  while (!hooks().empty()) {
    const Hook hook = hooks().back();
    hooks().pop_back();
    hook.call(hook.data);
  }
  for (const auto& value : arena()) {
    for (const Finalizer& finalizer : value->finalizers) {
      finalizer.call(env(), finalizer.data, finalizer.hint);
      ++count;
    }
    value->finalizers.clear();
  }
  return count;
}

}  // namespace host

extern "C" {

napi_status napi_get_undefined(napi_env, napi_value* result) { return give(host::make_undefined(), result); }
napi_status napi_create_object(napi_env, napi_value* result) { return give(host::make_object(), result); }
napi_status napi_create_array(napi_env, napi_value* result) { return give(host::make_object(), result); }
napi_status napi_create_double(napi_env, double value, napi_value* result) {
  return give(host::make_number(value), result);
}
napi_status napi_create_int32(napi_env, std::int32_t value, napi_value* result) {
  return give(host::make_number(value), result);
}
napi_status napi_create_uint32(napi_env, std::uint32_t value, napi_value* result) {
  return give(host::make_number(value), result);
}
napi_status napi_get_boolean(napi_env, bool value, napi_value* result) {
  return give(host::make_boolean(value), result);
}
napi_status napi_create_string_utf8(napi_env, const char* text, std::size_t length, napi_value* result) {
  return give(host::make_text(length == NAPI_AUTO_LENGTH ? std::string(text) : std::string(text, length)), result);
}

napi_status napi_create_arraybuffer(napi_env, std::size_t size, void** data, napi_value* result) {
  *result = host::make_buffer(size);
  if (data != nullptr) *data = host::memory_of(*result);
  return napi_ok;
}

napi_status napi_create_typedarray(napi_env, napi_typedarray_type type, std::size_t length, napi_value buffer,
                                   std::size_t offset, napi_value* result) {
  *result = make(napi_object);
  of(*result).memory = of(buffer).memory;
  of(*result).offset = offset;
  of(*result).size = length;
  of(*result).is_view = true;
  of(*result).elements_are = type;
  return napi_ok;
}

napi_status napi_is_arraybuffer(napi_env, napi_value value, bool* result) {
  *result = is_memory(value, false);
  return napi_ok;
}

napi_status napi_get_arraybuffer_info(napi_env, napi_value value, void** data, std::size_t* size) {
  if (!is_memory(value, false)) return napi_invalid_arg;
  *data = host::memory_of(value);
  *size = of(value).size;
  return napi_ok;
}

napi_status napi_get_typedarray_info(napi_env, napi_value value, napi_typedarray_type* type, std::size_t* length,
                                     void** data, napi_value*, std::size_t*) {
  if (!is_memory(value, true)) return napi_invalid_arg;
  *type = of(value).elements_are;
  *length = of(value).size;
  *data = host::memory_of(value);
  return napi_ok;
}

napi_status napi_typeof(napi_env, napi_value value, napi_valuetype* result) {
  *result = host::type_of(value);
  return napi_ok;
}
napi_status napi_get_value_double(napi_env, napi_value value, double* result) {
  if (host::type_of(value) != napi_number) return napi_number_expected;
  *result = of(value).number;
  return napi_ok;
}
napi_status napi_get_value_int32(napi_env, napi_value value, std::int32_t* result) {
  if (host::type_of(value) != napi_number) return napi_number_expected;
  *result = static_cast<std::int32_t>(of(value).number);
  return napi_ok;
}
napi_status napi_get_value_uint32(napi_env, napi_value value, std::uint32_t* result) {
  if (host::type_of(value) != napi_number) return napi_number_expected;
  *result = static_cast<std::uint32_t>(of(value).number);
  return napi_ok;
}
napi_status napi_get_value_bool(napi_env, napi_value value, bool* result) {
  if (host::type_of(value) != napi_boolean) return napi_boolean_expected;
  *result = of(value).number != 0;
  return napi_ok;
}

napi_status napi_get_value_string_utf8(napi_env, napi_value value, char* into, std::size_t room, std::size_t* length) {
  if (host::type_of(value) != napi_string) return napi_string_expected;
  const std::string& text = of(value).text;
  std::size_t count = text.size();
  if (into != nullptr) {
    if (count >= room) count = room - 1;
    std::memcpy(into, text.data(), count);
    into[count] = '\0';
  }
  if (length != nullptr) *length = count;
  return napi_ok;
}

napi_status napi_set_named_property(napi_env, napi_value object, const char* name, napi_value value) {
  of(object).properties[name] = value;
  return napi_ok;
}
napi_status napi_set_element(napi_env, napi_value array, std::uint32_t index, napi_value value) {
  std::vector<napi_value>& elements = of(array).elements;
  if (elements.size() <= index) elements.resize(index + 1);
  elements[index] = value;
  return napi_ok;
}
napi_status napi_object_freeze(napi_env, napi_value) { return napi_ok; }

napi_status napi_create_function(napi_env, const char* name, std::size_t, napi_callback call, void* closure,
                                 napi_value* result) {
  *result = make(napi_function);
  of(*result).text = name == nullptr ? "" : name;
  of(*result).function = call;
  of(*result).closure = closure;
  return napi_ok;
}
napi_status napi_define_class(napi_env env, const char* name, std::size_t length, napi_callback constructor, void* data,
                              std::size_t, const napi_property_descriptor*, napi_value* result) {
  return napi_create_function(env, name, length, constructor, data, result);
}

napi_status napi_get_cb_info(napi_env, napi_callback_info info, std::size_t* count, napi_value* values,
                             napi_value* target, void** closure) {
  const Call& call = *reinterpret_cast<Call*>(info);
  const std::size_t room = count == nullptr ? 0 : *count;
  for (std::size_t i = 0; values != nullptr && i < room; ++i) {
    values[i] = i < call.arguments.size() ? call.arguments[i] : host::make_undefined();
  }
  if (count != nullptr) *count = call.arguments.size();
  if (target != nullptr) *target = call.target;
  if (closure != nullptr) *closure = call.closure;
  return napi_ok;
}
napi_status napi_get_new_target(napi_env, napi_callback_info info, napi_value* result) {
  return give(reinterpret_cast<Call*>(info)->new_target, result);
}

// Nothing is collected before the end, so a reference is the value.
napi_status napi_create_reference(napi_env, napi_value value, std::uint32_t, napi_ref* result) {
  *result = reinterpret_cast<napi_ref>(value);
  return napi_ok;
}
napi_status napi_delete_reference(napi_env, napi_ref) { return napi_ok; }
napi_status napi_get_reference_value(napi_env, napi_ref reference, napi_value* result) {
  return give(reinterpret_cast<napi_value>(reference), result);
}
napi_status napi_add_finalizer(napi_env, napi_value value, void* data, napi_finalize call, void* hint, napi_ref*) {
  of(value).finalizers.push_back(Finalizer{call, data, hint});
  return napi_ok;
}

napi_status napi_add_env_cleanup_hook(napi_env, napi_cleanup_hook call, void* data) {
  hooks().push_back(Hook{call, data});
  return napi_ok;
}
napi_status napi_remove_env_cleanup_hook(napi_env, napi_cleanup_hook call, void* data) {
  for (std::size_t i = hooks().size(); i-- > 0;) {
    if (hooks()[i].call == call && hooks()[i].data == data) hooks().erase(hooks().begin() + static_cast<std::ptrdiff_t>(i));
  }
  return napi_ok;
}

// There is no libuv: what the addon does without one is what is looked at.
napi_status napi_get_uv_event_loop(napi_env, uv_loop_s** loop) {
  *loop = nullptr;
  return napi_generic_failure;
}

napi_status napi_throw_type_error(napi_env, const char* code, const char* message) {
  std::fprintf(stderr, "host: TypeError %s: %s\n", code, message);
  std::abort();
}

}  // extern "C"
