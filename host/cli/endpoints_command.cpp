#include <boost/json/array.hpp>

#include "host/cli/commands.hpp"
#include "host/cli/config_keys.hpp"
#include "host/cli/object_view.hpp"
#include "host/cli/table.hpp"
#include "host/log/printable.hpp"

namespace sluice::host::cli {
namespace {

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
  const std::string keys = config_keys(object_at(about, "configSchema"), color);
  return out + "\n" + (keys.empty() ? "no configuration\n" : keys);
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
