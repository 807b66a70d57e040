#include <boost/json/array.hpp>

#include "host/cli/commands.hpp"
#include "host/cli/table.hpp"

namespace sluice::host::cli {
namespace {

void show_errors(Console& console, const json::object& part) {
  for (const json::value& error : array_at(part, "errors"))
    if (const json::object* object = error.if_object()) console.show_error(*object);
  for (const json::value& warning : array_at(part, "warnings")) console.show_warning(warning);
}

}  // namespace

int validate_command(Session& session, const std::string& request) {
  std::string text;
  if (!request.empty()) {
    auto read = read_text(request);
    if (!read) return session.console.failed(read.error());
    text = std::move(*read);
  }
  Console& console = session.console;
  return with_host(session, [&](Host& host) {
    return console.answer(host.validate(text), [&](const json::object& report) {
      Table table({"WHAT", "STATE"});
      auto add = [&](const std::string& what, const json::object& part) {
        table.add({what, flag_at(part, "ok") ? "ok" : "not ok"});
        show_errors(console, part);
      };
      const std::string config = text_at(report, "config");
      if (!config.empty()) table.add({"configuration " + config, "read"});
      for (const json::value& item : array_at(report, "endpoints"))
        if (const json::object* endpoint = item.if_object())
          add("endpoint " + text_at(*endpoint, "endpointId"), *endpoint);
      if (at(report, "request").is_object()) add("request " + request, object_at(report, "request"));
      if (table.empty()) return std::string("nothing to validate: no configuration file, no request\n");
      return table.text(console.terminal().out_color);
    });
  });
}

}  // namespace sluice::host::cli
