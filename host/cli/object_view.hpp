// An object of the host's answers that has no view of its own, as names and values.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "host/cli/json_fields.hpp"

namespace sluice::host::cli {

// Plain members as a table in their order, objects and lists of objects as indented JSON under it. Null and
// empty members and those named in `except` are left out.
std::string object_view(const json::object& object, std::initializer_list<std::string_view> except = {});

}  // namespace sluice::host::cli
