// What a template's schema says about the values of a configuration, beyond whether they are valid. Every
// schema here has been accepted by ConfigSchema::compile (use its json()).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace sluice::host {

// Brings values that arrived as texts into the type that the schema declares, at any depth: integer, number,
// boolean (true, false), array (JSON, or items between commas), object (JSON), null. A text stays when the
// schema takes a text there or when it does not read as the type: then the check explains. A null where the
// schema takes none means absent and is dropped.
boost::json::object coerce(const boost::json::value& schema, boost::json::object config);

// Adds each `default` of a property that is absent, at any depth where the object itself is present.
boost::json::object apply_defaults(const boost::json::value& schema, boost::json::object config);

// JSON pointers of the properties marked `x-secret`, `writeOnly` or `airbyte_secret` (true); `*` stands for
// any item or any further member. Sorted, each once.
std::vector<std::string> secret_paths(const boost::json::value& schema);

// The configuration as it may be listed: secret values become "***". Null stays, and so does a value that is
// nothing but a `${env:...}` or `${file:...}` reference.
boost::json::object mask(const boost::json::value& schema, boost::json::object config);

}  // namespace sluice::host
