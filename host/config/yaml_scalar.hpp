// The YAML 1.2 core schema: what a plain scalar means.
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

namespace sluice::host {

// null, true/false, integers (decimal, 0o, 0x), floats (.inf and .nan have no JSON form and stay texts);
// anything else is a text. An integer beyond 64 bits becomes a double.
boost::json::value core_schema_value(std::string_view text);

}  // namespace sluice::host
