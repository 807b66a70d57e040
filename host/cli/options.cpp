#include "host/cli/options.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "host/config/nearest_name.hpp"

namespace sluice::host::cli {
namespace {

constexpr std::array<std::string_view, 6> log_words{"trace", "debug", "info", "warning", "error", "json"};

// <folder of the executable>/../lib/sluice/plugins; empty when the kernel does not say where we are.
std::string bundled_plugins() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  return (self.parent_path().parent_path() / "lib" / "sluice" / "plugins").string();
}

}  // namespace

Result<LogChoice> choose_log(const GlobalOptions& options) {
  LogChoice choice;
  const char* set = std::getenv("SLUICE_LOG");
  std::string_view rest = set ? set : "";
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    const std::string_view word = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const auto known = std::find(log_words.begin(), log_words.end(), word);
    if (known == log_words.end()) {
      std::string hint = did_you_mean(word, {log_words.begin(), log_words.end()});
      return Error(ErrorClass::config, "E_USAGE", "unknown value \"" + std::string(word) + "\" in SLUICE_LOG",
                   "environment", hint.empty() ? "use trace, debug, info, warning, error or json" : hint);
    }
    if (*known == "json") {
      choice.format = LogFormat::json;
    } else {
      choice.least = static_cast<Severity>(known - log_words.begin());
    }
  }
  if (options.quiet) choice.least = Severity::error;
  if (options.verbose > 0) choice.least = options.verbose == 1 ? Severity::debug : Severity::trace;
  return choice;
}

HostOptions host_options(const GlobalOptions& options) {
  HostOptions host;
  host.config_file = options.config_file;
  host.plugin_folders = options.plugin_folders;
  host.default_plugin_folder = bundled_plugins();
  return host;
}

}  // namespace sluice::host::cli
