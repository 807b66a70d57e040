// Exporting a plugin:
//
//   constexpr sluice::PluginInfo plugin{.id = "demo", .version = "1.0.0", .vendor = "You", .license = "MIT"};
//   SLUICE_PLUGIN(plugin, CountdownSource, sluice::Both<BoxSource, BoxSink>)
//
// once, in one .cpp file, outside any namespace. Each class has a constructor that takes `const
// sluice::Context&`, and `info`, `source_info` or `sink_info` as descriptor.hpp says.
#pragma once

#include "sluice/abi/plugin.h"
#include "sluice/descriptor.hpp"
#include "sluice/detail/sink_thunks.hpp"
#include "sluice/detail/source_thunks.hpp"
#include "sluice/detail/staging_thunks.hpp"

namespace sluice::detail {

template <class... Templates>
struct Entry {
  static Error unknown(std::string_view id, std::string_view role) {
    return Error(ErrorClass::config, "E_TEMPLATE_UNKNOWN",
                 "this plugin has no " + std::string(role) + " \"" + std::string(id) + "\"");
  }
  // A constructor that throws leaves *out untouched.
  template <class Class, class Base, class Out, class Api>
  static void create(const sluice_host* host, std::string_view id, sluice_str config, Out* out,
                     const Api* api) {
    Context context(host, id, config.size ? Json::parse(view(config)) : Json::object());
    Base* instance = new Class(context);
    *out = {sizeof(Out), 0, instance, api};
  }
  template <class T>
  static bool try_source(const sluice_host* host, std::string_view id, sluice_str config,
                         sluice_source* out) {
    if constexpr (is_source<T>) {
      if (id != T::info.id) return false;
      create<typename SourceOf<T>::type, Source>(host, id, config, out, &SourceThunks::api);
      return true;
    }
    return false;
  }
  template <class T>
  static bool try_sink(const sluice_host* host, std::string_view id, sluice_str config, sluice_sink* out) {
    if constexpr (is_sink<T>) {
      if (id != T::info.id) return false;
      create<typename SinkOf<T>::type, Sink>(host, id, config, out, &SinkThunks::api);
      return true;
    }
    return false;
  }
  template <class T>
  static bool try_staging(const sluice_host* host, std::string_view id, sluice_str config,
                          sluice_staging_provider* out) {
    if constexpr (is_staging<T>) {
      if (id != T::info.id) return false;
      create<T, StagingProvider>(host, id, config, out, &StagingThunks::provider_api<T::strongest>);
      return true;
    }
    return false;
  }
  static sluice_status create_source(const sluice_host* host, sluice_str id, sluice_str config,
                                     sluice_source* out, sluice_error* error) {
    return guard(error, [&] {
      if (!(try_source<Templates>(host, view(id), config, out) || ...)) throw unknown(view(id), "source");
    });
  }
  static sluice_status create_sink(const sluice_host* host, sluice_str id, sluice_str config,
                                   sluice_sink* out, sluice_error* error) {
    return guard(error, [&] {
      if (!(try_sink<Templates>(host, view(id), config, out) || ...)) throw unknown(view(id), "sink");
    });
  }
  static sluice_status create_staging(const sluice_host* host, sluice_str id, sluice_str config,
                                      sluice_staging_provider* out, sluice_error* error) {
    return guard(error, [&] {
      if (!(try_staging<Templates>(host, view(id), config, out) || ...))
        throw unknown(view(id), "staging provider");
    });
  }
  static constexpr sluice_plugin make(const char* descriptor, size_t size) {
    return {sizeof(sluice_plugin),
            SLUICE_ABI_VERSION,
            SLUICE_ABI_OLDEST,
            0,
            {descriptor, size},
            (is_source<Templates> || ...) ? create_source : nullptr,
            (is_sink<Templates> || ...) ? create_sink : nullptr,
            (is_staging<Templates> || ...) ? create_staging : nullptr};
  }
};

}  // namespace sluice::detail

// See the top of this file.
#define SLUICE_PLUGIN(plugin_info, ...)                                                               \
  namespace {                                                                                         \
  __attribute__((section(SLUICE_NOTE_SECTION), used, aligned(4))) constexpr auto sluice_plugin_note = \
      ::sluice::detail::make_note<plugin_info, __VA_ARGS__>();                                        \
  }                                                                                                   \
  extern "C" {                                                                                        \
  SLUICE_EXPORT extern const sluice_plugin sluice_plugin_entry;                                       \
  const sluice_plugin sluice_plugin_entry = ::sluice::detail::Entry<__VA_ARGS__>::make(               \
      sluice_plugin_note.descriptor, sluice_plugin_note.content.descriptor_bytes);                    \
  }
