#include "host/cli/plugin_view.hpp"

#include <boost/json/array.hpp>
#include <filesystem>

#include "host/cli/config_keys.hpp"
#include "host/cli/table.hpp"
#include "host/cli/terminal.hpp"
#include "host/log/printable.hpp"

namespace sluice::host::cli {
namespace {

// Rows of names and values; what is empty is left out.
void add(Table& table, const char* name, std::string value) {
  if (!value.empty()) table.add({name, std::move(value)});
}

std::string verdict(const json::object& plugin, bool color) {
  const std::string file = printable(std::filesystem::path(text_at(plugin, "path")).filename().string());
  if (text_at(plugin, "outcome") != "refused")
    return painted(file + " can be loaded", Paint::green, color) + "\n";
  std::string out =
      painted(file + " is refused:", Paint::red, color) + " " + printable(text_at(plugin, "reason"));
  out += "\n";
  for (const char* part : {"hint", "code"})
    if (const std::string text = text_at(plugin, part); !text.empty())
      out += "  " + std::string(part) + ": " + printable(text) + "\n";
  return out;
}

std::string abi_range(const json::object& plugin) {
  const std::string oldest = brief(at(object_at(plugin, "abi"), "oldest")),
                    newest = brief(at(object_at(plugin, "abi"), "newest"));
  return oldest == newest ? oldest : oldest + " to " + newest;
}

std::string c_library(const json::object& plugin) {
  const std::string floor = text_at(plugin, "libcFloor"), here = text_at(plugin, "libcHere");
  if (floor.empty()) return {};
  return "needs glibc " + floor + (here.empty() ? "" : ", this system has " + here);
}

std::string about(const json::object& plugin) {
  Table table;
  add(table, "plugin", text_at(plugin, "id"));
  add(table, "version", text_at(plugin, "version"));
  add(table, "vendor", text_at(plugin, "vendor"));
  add(table, "licence", text_at(plugin, "license"));
  add(table, "description", text_at(plugin, "description"));
  add(table, "file", text_at(plugin, "path"));
  if (count_at(plugin, "size") > 0) add(table, "size", brief(at(plugin, "size")) + " bytes");
  add(table, "sha256", text_at(plugin, "digest"));
  add(table, "host ABI", abi_range(plugin));
  add(table, "C library", c_library(plugin));
  return table.text(false);
}

// What a template can do as a source or as a sink, in one line.
std::string abilities(const json::object& part, bool is_source) {
  if (part.empty()) return {};
  std::string out = brief(at(part, "formats"));
  if (is_source) {
    out += "; modes " + brief(at(part, "modes"));
    out += flag_at(part, "slices") ? "; in slices" : "; not in slices";
  } else {
    out += "; delivery " + text_at(part, "delivery") + "; slices " + text_at(part, "slices");
  }
  if (const std::string types = brief(at(part, "contentTypes")); !types.empty()) out += "; " + types;
  return out;
}

std::string template_view(const json::object& of, bool color) {
  std::string out = "\n" + painted("template " + printable(text_at(of, "id")), Paint::bold, color) + "\n";
  Table table;
  add(table, "title", text_at(of, "title"));
  add(table, "description", text_at(of, "description"));
  add(table, "roles", brief(at(of, "roles")));
  add(table, "as source", abilities(object_at(of, "source"), true));
  add(table, "as sink", abilities(object_at(of, "sink"), false));
  add(table, "secrets", brief(at(of, "secrets")));
  out += table.text(false);
  const std::string keys = config_keys(object_at(of, "configSchema"), color);
  return out + (keys.empty() ? "no configuration\n" : "\n" + keys);
}

std::string library_view(const json::object& plugin, bool color) {
  Table table({"LIBRARY", "FOUND", "LACKS", "NEEDED BY"});
  for (const json::value& item : array_at(plugin, "libraries")) {
    const json::object* library = item.if_object();
    if (!library) continue;
    const std::string path = text_at(*library, "path");
    table.add({text_at(*library, "name"), path.empty() ? "not found" : path,
               brief(at(*library, "missingVersions")), text_at(*library, "neededBy")});
  }
  if (!table.empty()) return "\n" + table.text(color);
  // The checks ended before the libraries were looked for.
  const std::string needed = brief(at(plugin, "needed"));
  return needed.empty() ? std::string() : "\nneeds " + printable(needed) + "\n";
}

}  // namespace

std::string plugin_view(const json::object& plugin, bool color) {
  std::string out = verdict(plugin, color) + "\n" + about(plugin);
  for (const json::value& item : array_at(plugin, "templates"))
    if (const json::object* of = item.if_object()) out += template_view(*of, color);
  out += library_view(plugin, color);
  if (const json::array& symbols = array_at(plugin, "missingSymbols"); !symbols.empty()) {
    out += "\n" + painted("missing symbols", Paint::bold, color) + "\n";
    for (const json::value& symbol : symbols) out += "  " + printable(brief(symbol)) + "\n";
  }
  return out;
}

}  // namespace sluice::host::cli
