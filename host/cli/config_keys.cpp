#include "host/cli/config_keys.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "host/cli/table.hpp"

namespace sluice::host::cli {
namespace {

constexpr int deepest_key = 4;

std::string type_of(const json::object& schema) {
  std::string type;
  if (const json::array& values = array_at(schema, "enum"); !values.empty()) {
    for (const json::value& value : values) type += (type.empty() ? "" : "|") + brief(value);
  } else if (const json::array& types = array_at(schema, "type"); !types.empty()) {
    for (const json::value& value : types) type += (type.empty() ? "" : "|") + brief(value);
  } else {
    type = text_at(schema, "type");
  }
  if (type == "array") {
    if (const std::string items = type_of(object_at(schema, "items")); !items.empty())
      type = "array of " + items;
  }
  return flag_at(schema, "x-secret") ? type + " (secret)" : type;
}

// A row for every key of a JSON Schema object; keys of nested objects with a dot between, those of
// objects in lists behind "[].".
void add_keys(Table& table, const json::object& schema, const std::string& before, int depth) {
  const json::array& required = array_at(schema, "required");
  for (const auto& member : object_at(schema, "properties")) {
    const json::object* key = member.value().if_object();
    if (!key) continue;
    const std::string name = before + std::string(member.key());
    bool must = false;
    for (const json::value& value : required)
      must = must || (value.is_string() && value.as_string() == member.key());
    const json::value* standard = key->if_contains("default");
    table.add({name, type_of(*key), must ? "yes" : "no", standard ? json::serialize(*standard) : "",
               text_at(*key, "description")});
    if (depth >= deepest_key) continue;
    add_keys(table, *key, name + ".", depth + 1);
    add_keys(table, object_at(*key, "items"), name + "[].", depth + 1);
  }
}

}  // namespace

std::string config_keys(const json::object& schema, bool color) {
  Table table({"KEY", "TYPE", "REQUIRED", "DEFAULT", "DESCRIPTION"});
  add_keys(table, schema, "", 1);
  return table.empty() ? std::string() : table.text(color);
}

}  // namespace sluice::host::cli
