// What every command takes: global options and the environment behind them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/result.hpp"
#include "sluice/host/host.hpp"

namespace sluice::host::cli {

struct GlobalOptions {
  bool json = false;
  bool quiet = false;
  int verbose = 0;
  bool no_color = false;
  std::string config_file;
  std::vector<std::string> plugin_folders;
};

struct LogChoice {
  std::optional<Severity> least;  // from -q, -v or SLUICE_LOG; else the command decides
  LogFormat format = LogFormat::text;
};

// Flags before $SLUICE_LOG, which is one of trace, debug, info, warning, error and json, or two with a comma
// between. A value that is none of them is an error of class config.
Result<LogChoice> choose_log(const GlobalOptions& options);

// The options with which the command opens its host; the log is left out.
HostOptions host_options(const GlobalOptions& options);

}  // namespace sluice::host::cli
