// The configuration keys of a template, for people.
#pragma once

#include <string>

#include "host/cli/json_fields.hpp"

namespace sluice::host::cli {

// A row for every key of a JSON Schema object: type with secrets marked, default, description. Empty when it
// has none.
std::string config_keys(const json::object& schema, bool color);

}  // namespace sluice::host::cli
