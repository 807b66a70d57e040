// The one way in which the host calls a plugin's functions: failures come back as errors that name template
// and plugin, and an exception that crosses although none may is caught here.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "host/registry/endpoint_template.hpp"
#include "host/result.hpp"

namespace sluice::host {

// What the plugin says, with its name before the message.
inline Error named(const EndpointTemplate& of, const Error& error) {
  return Error(error.error_class(), error.code(), full_name(of) + ": " + error.message(), error.where(),
               error.hint());
}

// The plugin answered something that the ABI does not allow.
inline Error bad_answer(const EndpointTemplate& of, std::string_view function, std::string_view what) {
  return Error(
      ErrorClass::system, "E_PLUGIN_ANSWER",
      full_name(of) + ": its answer to " + std::string(function) + "() breaks the ABI: " + std::string(what),
      of.plugin->path.string(), "report this to the plugin's vendor");
}

inline Error plugin_threw(const EndpointTemplate& of, std::string_view function, std::string_view what) {
  return Error(ErrorClass::system, "E_PLUGIN_THREW",
               full_name(of) + ": " + std::string(function) + "() let an exception out: " + std::string(what),
               of.plugin->path.string(), "report this to the plugin's vendor");
}

// `call` gets the sluice_error* to pass on and returns the plugin's status.
template <class Call>
Status call_plugin(const EndpointTemplate& of, std::string_view function, Call&& call) {
  sluice_error error = new_abi_error();
  sluice_status status = SLUICE_OK;
  try {
    status = std::forward<Call>(call)(&error);
  } catch (const std::exception& thrown) {
    return plugin_threw(of, function, thrown.what());
  } catch (...) {
    return plugin_threw(of, function, "of an unknown type");
  }
  if (status == SLUICE_OK) return {};
  return named(of, from_abi(status, error).error());
}

// For functions that cannot fail (destroy, cancel): there is nobody to tell.
template <class Call>
void call_silently(Call&& call) noexcept {
  try {
    std::forward<Call>(call)();
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

// Whether an optional function of a size-led table is there: within the table's size, and not null.
template <class Table, class Function>
bool provides(const Table& table, Function Table::*member) {
  auto end = reinterpret_cast<const char*>(&(table.*member)) - reinterpret_cast<const char*>(&table) +
             static_cast<ptrdiff_t>(sizeof(Function));
  return static_cast<size_t>(end) <= table.size && table.*member != nullptr;
}

// The same for functions that must be there.
template <class Table, class... Function>
bool provides_all(const Table& table, Function Table::*... member) {
  return (provides(table, member) && ...);
}

}  // namespace sluice::host
