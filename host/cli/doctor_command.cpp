#include <boost/json/array.hpp>

#include "host/cli/commands.hpp"
#include "host/cli/table.hpp"

namespace sluice::host::cli {

int doctor_command(Session& session) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.doctor(), [&](const json::object& report) {
      Table table({"CHECK", "STATE", "DETAIL", "HINT"});
      for (const json::value& item : array_at(report, "checks")) {
        const json::object* check = item.if_object();
        if (!check) continue;
        table.add({text_at(*check, "name"), flag_at(*check, "ok") ? "ok" : "not ok",
                   brief(at(*check, "detail")), brief(at(*check, "hint"))});
      }
      return table.text(session.console.terminal().out_color) +
             (flag_at(report, "ok") ? "all is well\n" : "something is not as it should be\n");
    });
  });
}

}  // namespace sluice::host::cli
