// A stand-in for Node, for systems for which no Node can be had here (musl): as much of Node-API as the addon needs to
// run a loop of its own. It has values, functions and memory; it has no JavaScript, no libuv, and collects nothing before
// the end. What is missing in it is a stub that names itself and aborts (stubs.c, written by scripts/prebuild/probe.mjs).
#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>
#include <vector>

namespace host {

// The environment that the addon is given; its address is all that matters.
[[nodiscard]] napi_env env() noexcept;

[[nodiscard]] napi_value make_undefined();
[[nodiscard]] napi_value make_object();
[[nodiscard]] napi_value make_number(double value);
[[nodiscard]] napi_value make_boolean(bool value);
[[nodiscard]] napi_value make_text(const std::string& text);
// Zeroed, and aligned as JavaScript's is.
[[nodiscard]] napi_value make_buffer(std::size_t size);
[[nodiscard]] napi_value make_bytes(std::size_t size);

[[nodiscard]] napi_valuetype type_of(napi_value value) noexcept;
[[nodiscard]] double number_of(napi_value value) noexcept;
[[nodiscard]] const std::string& text_of(napi_value value) noexcept;
[[nodiscard]] std::uint8_t* memory_of(napi_value value) noexcept;

// Undefined if there is none of this name.
[[nodiscard]] napi_value property(napi_value object, const std::string& name);
[[nodiscard]] std::vector<napi_value> elements(napi_value array);

// Calls a function, or constructs with it. What it throws ends the program: nothing here is meant to fail.
napi_value call(napi_value function, const std::vector<napi_value>& arguments);
napi_value construct(napi_value function, const std::vector<napi_value>& arguments);

// The end of the environment: every clean-up hook runs, then every finalizer. Returns: how many ran.
std::size_t collect();

}  // namespace host
