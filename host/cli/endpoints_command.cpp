#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "host/cli/commands.hpp"
#include "host/cli/object_view.hpp"
#include "host/cli/table.hpp"
#include "host/log/printable.hpp"

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

std::string plugin_name(const json::object& plugin) {
  return text_at(plugin, "id") + " " + text_at(plugin, "version") + ", " + text_at(plugin, "path");
}

std::string describe_view(const json::object& about, bool color) {
  json::object head = about;
  if (json::value& plugin = head["plugin"]; plugin.is_object()) plugin = plugin_name(plugin.as_object());
  std::string out = object_view(head, {"configSchema", "source", "sink"});
  for (const char* role : {"source", "sink"})
    if (const json::object& part = object_at(about, role); !part.empty())
      out += std::string("\nas ") + role + "\n" + object_view(part);
  Table table({"KEY", "TYPE", "REQUIRED", "DEFAULT", "DESCRIPTION"});
  add_keys(table, object_at(about, "configSchema"), "", 1);
  return out + (table.empty() ? "\nno configuration\n" : "\n" + table.text(color));
}

std::string list_view(const json::object& answer, bool color) {
  Table endpoints({"ENDPOINT", "TEMPLATE", "ROLES", "CONFIG"});
  for (const json::value& item : array_at(answer, "endpoints")) {
    const json::object* endpoint = item.if_object();
    if (!endpoint) continue;
    endpoints.add({text_at(*endpoint, "endpointId"), text_at(*endpoint, "template"),
                   brief(at(*endpoint, "roles")), brief(at(*endpoint, "config"))});
  }
  Table templates({"TEMPLATE", "ROLES", "PLUGIN", "TITLE"});
  for (const json::value& item : array_at(answer, "templates")) {
    const json::object* one = item.if_object();
    if (!one) continue;
    templates.add(
        {text_at(*one, "id"), brief(at(*one, "roles")), brief(at(*one, "plugin")), text_at(*one, "title")});
  }
  std::string out = endpoints.empty() ? "no endpoints are configured\n" : endpoints.text(color);
  return out + "\n" + (templates.empty() ? "no templates: no plugin is loaded\n" : templates.text(color));
}

}  // namespace

int endpoints_list_command(Session& session) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.endpoints(), [&](const json::object& answer) {
      return list_view(answer, session.console.terminal().out_color);
    });
  });
}

int endpoints_describe_command(Session& session, const std::string& template_id) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.describe_template(template_id), [&](const json::object& about) {
      return describe_view(about, session.console.terminal().out_color);
    });
  });
}

}  // namespace sluice::host::cli
