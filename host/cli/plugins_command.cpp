#include <algorithm>
#include <boost/json/array.hpp>
#include <filesystem>

#include "host/cli/commands.hpp"
#include "host/cli/plugin_view.hpp"
#include "host/cli/table.hpp"
#include "host/log/printable.hpp"

namespace sluice::host::cli {
namespace {

// Templates are names, or objects with an id.
std::string template_names(const json::array& templates) {
  std::string out;
  for (const json::value& item : templates) {
    if (!out.empty()) out += ", ";
    out += item.is_object() ? text_at(item.as_object(), "id") : brief(item);
  }
  return out;
}

std::string list_view(const json::object& answer, bool color) {
  Table table({"PLUGIN", "VERSION", "GEN", "STATE", "DIGEST", "TEMPLATES", "FILE"});
  std::string refused;
  for (const json::value& item : array_at(answer, "plugins")) {
    const json::object* plugin = item.if_object();
    if (!plugin) continue;
    const std::string path = text_at(*plugin, "path"), outcome = text_at(*plugin, "outcome");
    std::string state = text_at(*plugin, "state");
    // Older generations are there for their runs.
    if (const json::array& runs = array_at(*plugin, "runs"); !runs.empty())
      state += ", " + std::to_string(runs.size()) + (runs.size() == 1 ? " run" : " runs");
    table.add({text_at(*plugin, "id"), text_at(*plugin, "version"), brief(at(*plugin, "generation")), state,
               text_at(*plugin, "digest").substr(0, 12), template_names(array_at(*plugin, "templates")),
               path});
    if (outcome == "loaded") continue;
    refused += "\n" + printable(std::filesystem::path(path).filename().string()) +
               " is refused: " + printable(text_at(*plugin, "reason")) + "\n";
    if (const std::string hint = text_at(*plugin, "hint"); !hint.empty())
      refused += "  hint: " + printable(hint) + "\n";
    if (const std::string code = text_at(*plugin, "code"); !code.empty())
      refused += "  code: " + printable(code) + "\n";
  }
  if (table.empty()) return "no plugins: name a folder with --plugins, SLUICE_PLUGIN_PATH or plugins.path\n";
  return table.text(color) + refused;
}

}  // namespace

int plugins_list_command(Session& session) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.plugins(), [&](const json::object& answer) {
      return list_view(answer, session.console.terminal().out_color);
    });
  });
}

int plugins_retry_command(Session& session, const std::string& file) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.retry_plugins(file), [](const json::object& changes) {
      std::string out;
      for (const char* what : {"added", "replaced", "removed"})
        for (const json::value& item : array_at(changes, what))
          if (const json::object* plugin = item.if_object())
            out += std::string(what) + " " + text_at(*plugin, "id") + " " + text_at(*plugin, "version") +
                   "  " + printable(text_at(*plugin, "path")) + "\n";
      for (const json::value& item : array_at(changes, "refused"))
        if (const json::object* plugin = item.if_object())
          out += "refused " + printable(text_at(*plugin, "path")) + ": " +
                 printable(text_at(*plugin, "reason")) + "\n  hint: " + printable(text_at(*plugin, "hint")) +
                 "\n";
      return out.empty() ? std::string("nothing has changed\n") : out;
    });
  });
}

int plugins_test_command(Session& session, const std::string& file) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.test_plugin(file), [&](const json::object& report) {
      Table table({"CHECK", "TEMPLATE", "STATE", "DETAIL", "HINT"});
      for (const json::value& item : array_at(report, "checks"))
        if (const json::object* check = item.if_object())
          table.add({text_at(*check, "name"), text_at(*check, "template"),
                     flag_at(*check, "ok") ? "ok" : "not ok", brief(at(*check, "detail")),
                     brief(at(*check, "hint"))});
      return table.text(session.console.terminal().out_color);
    });
  });
}

int plugins_inspect_command(Session& session, const std::string& file_or_id) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.inspect_plugin(file_or_id), [&](const json::object& plugin) {
      return plugin_view(plugin, session.console.terminal().out_color);
    });
  });
}

}  // namespace sluice::host::cli
