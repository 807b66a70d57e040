// Walking a JSON Schema beside a value: which parts of the schema speak about which part of the value.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "host/result.hpp"

namespace sluice::host {

// The schema objects that say something about one and the same place in a value: the schema itself, what
// `$ref` leads to, and the branches of allOf, anyOf, oneOf, if, then, else and dependencies. Pointers into
// the schema.
using SchemaForms = std::vector<const boost::json::object*>;

// The forms of the whole value. `schema` must have passed check_schema_shape and outlive the result.
SchemaForms root_forms(const boost::json::value& schema);
// The forms of what `part`, a schema within `schema`, speaks about.
SchemaForms forms_of(const boost::json::value& schema, const boost::json::value& part);
// The forms of a member or of an item.
SchemaForms member_forms(const boost::json::value& schema, const SchemaForms& forms, std::string_view key);
SchemaForms item_forms(const boost::json::value& schema, const SchemaForms& forms, std::size_t index);

// The types that the forms name, each once, in the schema's order; empty when they leave the type open.
std::vector<std::string_view> types_of(const SchemaForms& forms);
bool has_type(const std::vector<std::string_view>& types, std::string_view type);
// The names that the forms know under `properties`, each once.
std::vector<std::string_view> property_names(const SchemaForms& forms);
// The type of a value in the words of JSON Schema.
std::string_view json_type_name(const boost::json::value& value);

// Refuses (E_SCHEMA_INVALID, class config) what would make a validator recurse without end or without
// measure: a schema that is no object, is nested deeper than 64 levels, has more than 20,000 nodes, a `$ref`
// that leads out of the schema or nowhere, a cycle of `$ref`s through which nothing is ever consumed, or a
// broken pattern.
Status check_schema_shape(const boost::json::value& schema, std::string_view owner);

}  // namespace sluice::host
