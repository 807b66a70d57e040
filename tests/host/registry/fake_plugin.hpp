// Plugins made of plain functions in the test program, as their tables and as the registry takes them.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "host/registry/endpoint_registry.hpp"
#include "sluice/abi/plugin.h"

namespace sluice::host::testing {

inline std::string template_json(std::string_view id, std::string_view role) {
  std::string json = "{\"id\":\"" + std::string(id) + "\",\"roles\":[\"" + std::string(role) + "\"],";
  if (role == "source") json += R"("source":{"formats":["documents"],"modes":["FULL"]},)";
  if (role == "sink") json += R"("sink":{"formats":["documents"],"delivery":"none","slices":"any"},)";
  return json + R"("configSchema":{}})";
}

inline std::string descriptor_json(std::string_view plugin, std::initializer_list<std::string> templates) {
  std::string json = "{\"plugin\":{\"id\":\"" + std::string(plugin) + "\",\"version\":\"1\"},\"templates\":[";
  const char* between = "";
  for (const std::string& item : templates) json += between + item, between = ",";
  return json + "]}";
}

// A plugin with these templates and the create functions of `functions`. Entries are kept for the whole
// program, as a loaded library's would be.
inline std::shared_ptr<const PluginGeneration> plugin_of(std::string_view id,
                                                         std::initializer_list<std::string> templates,
                                                         const sluice_plugin& functions) {
  static std::deque<std::pair<std::string, sluice_plugin>> kept;
  auto& [text, entry] = kept.emplace_back(descriptor_json(id, templates), functions);
  entry.size = sizeof entry;
  entry.abi_version = SLUICE_ABI_VERSION;
  entry.abi_oldest = SLUICE_ABI_OLDEST;
  entry.descriptor = abi(text);
  Result<std::shared_ptr<const PluginGeneration>> plugin =
      adopt_plugin(entry, "/plugins/" + std::string(id) + ".so");
  BOOST_REQUIRE_MESSAGE(plugin.has_value(), (plugin.has_error() ? plugin.error().message() : std::string()));
  return *plugin;
}

inline sluice_status fail(sluice_error* error, sluice_status status, std::string_view code,
                          std::string_view message) {
  return to_abi(Error(static_cast<ErrorClass>(status), std::string(code), std::string(message)), error);
}

inline sluice_status source_of_nothing(const sluice_host*, sluice_str, sluice_str, sluice_source*,
                                       sluice_error* error) {
  return fail(error, SLUICE_CONFIG, "E_NOTHING", "there is nothing to make");
}
inline sluice_status sink_of_nothing(const sluice_host*, sluice_str, sluice_str, sluice_sink*,
                                     sluice_error* error) {
  return fail(error, SLUICE_CONFIG, "E_NOTHING", "there is nothing to make");
}
inline sluice_status staging_of_nothing(const sluice_host*, sluice_str, sluice_str, sluice_staging_provider*,
                                        sluice_error* error) {
  return fail(error, SLUICE_CONFIG, "E_NOTHING", "there is nothing to make");
}
inline sluice_plugin functions_of_nothing() {
  sluice_plugin entry{};
  entry.create_source = source_of_nothing;
  entry.create_sink = sink_of_nothing;
  entry.create_staging = staging_of_nothing;
  return entry;
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace sluice::host::testing
