// What a plugin is and needs, for people.
#pragma once

#include <string>

#include "host/cli/json_fields.hpp"

namespace sluice::host::cli {

// The host's answer to inspect_plugin: the verdict first, then the plugin, its templates with their keys, and
// the libraries with the places where they are found.
std::string plugin_view(const json::object& plugin, bool color);

}  // namespace sluice::host::cli
