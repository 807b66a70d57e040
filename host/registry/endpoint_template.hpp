// A connector type that a loaded plugin provides. Holding one keeps its plugin's record alive.
#pragma once

#include <memory>
#include <string>

#include "host/plugin/plugin_generation.hpp"

namespace sluice::host {

struct EndpointTemplate {
  TemplateDescriptor descriptor;
  std::shared_ptr<const PluginGeneration> plugin;
};

using EndpointTemplatePtr = std::shared_ptr<const EndpointTemplate>;

// How errors name the culprit: `file.ndjson (plugin bundled.file)`.
inline std::string full_name(const EndpointTemplate& of) {
  return of.descriptor.id + " (plugin " + of.plugin->descriptor.id + ")";
}

}  // namespace sluice::host
