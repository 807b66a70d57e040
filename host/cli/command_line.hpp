// The words of the command line: CLI11 lives in the .cpp alone.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "host/cli/options.hpp"
#include "host/cli/session.hpp"

namespace sluice::host::cli {

struct CommandLine {
  GlobalOptions options;  // as far as understood, also when there is an error
  // One of these three is set.
  std::function<int(Session&)> command;
  std::optional<std::string> help;  // for standard output
  std::optional<Error> error;       // E_USAGE
};

CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace sluice::host::cli
