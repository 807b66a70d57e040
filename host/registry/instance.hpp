// Making, checking and freeing an instance of an endpoint or staging provider:
// what all three kinds have in common. An instance is {size, reserved, self,
// api}; api is a size-led table that begins with size and holds destroy.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "host/registry/endpoint_template.hpp"
#include "host/registry/plugin_call.hpp"
#include "host/result.hpp"

namespace sluice::host {

inline Error wrong_role(const EndpointTemplate& of, std::string_view role) {
  std::string has;
  for (const std::string& name : of.descriptor.roles) has.append(has.empty() ? "" : ", ").append(name);
  return Error(ErrorClass::config, "E_ENDPOINT_ROLE",
               full_name(of) + " cannot be used as " + std::string(role) + "; its roles are: " + has,
               of.descriptor.id, "choose a template that has the role " + std::string(role));
}

inline Error not_provided(const EndpointTemplate& of, std::string_view function) {
  return Error(ErrorClass::config, "E_PLUGIN_LACKS",
               full_name(of) + " has no " + std::string(function) + "()", of.descriptor.id,
               "use the endpoint without it");
}

template <class Instance>
using CreateFunction = sluice_status (*)(const sluice_host*, sluice_str, sluice_str, Instance*,
                                         sluice_error*);

// `create` is one of the entry's create functions; `out` has its size set. Loads the plugin into this process
// when it is not there yet.
template <class Instance>
Status create_instance(const EndpointTemplate& of, CreateFunction<Instance> sluice_plugin::*create,
                       std::string_view config, const sluice_host* host, Instance& out) {
  const Result<const sluice_plugin*> entry = of.plugin->entry();
  if (!entry) return named(of, entry.error());
  return call_plugin(of, "create", [&](sluice_error* error) {
    return ((*entry)->*create)(host, abi(of.descriptor.id), abi(config), &out, error);
  });
}

// The instance has its table, and the table every required function.
template <class Instance, class Table, class... Function>
Status check_instance(const EndpointTemplate& of, std::string_view function, const Instance& instance,
                      Function Table::*... required) {
  if (instance.size < sizeof(Instance) || !instance.api)
    return bad_answer(of, function, "the instance has no table of functions");
  if (!provides_all(*instance.api, required...))
    return bad_answer(of, function, "a required function is missing");
  return {};
}

// Frees the instance once; nothing when it was moved from or never complete.
template <class Instance>
void destroy_instance(Instance& instance) noexcept {
  Instance last = std::exchange(instance, Instance{});
  if (!last.api || !provides(*last.api, &std::remove_cvref_t<decltype(*last.api)>::destroy)) return;
  call_silently([&] { last.api->destroy(last.self); });
}

}  // namespace sluice::host
