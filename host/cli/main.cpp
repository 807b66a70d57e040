// The command `sluice`.
#include <exception>

#include "host/cli/command_line.hpp"
#include "host/cli/console.hpp"
#include "host/cli/session.hpp"
#include "host/cli/signals.hpp"

namespace sluice::host::cli {
namespace {

int run(int argc, const char* const* argv) {
  const CommandLine line = parse_command_line(argc, argv);
  const Terminal terminal = Terminal::look(line.options.no_color);
  Console console(line.options, terminal);
  try {
    if (line.error) return console.failed(*line.error);
    if (line.help) return console.result(*line.help, exit_done);
    const auto log = choose_log(line.options);
    if (!log) return console.failed(log.error());
    // Before the host and its threads, which inherit the mask.
    SignalWatch signals;
    Session session{console, signals, *log};
    if (log->format == LogFormat::json) console.send_errors_to(session.make_log(Severity::info));
    return line.command(session);
  } catch (const std::exception& error) {
    const Error internal(ErrorClass::system, "E_INTERNAL", std::string("internal error: ") + error.what(),
                         "sluice", "please report this");
    (void)console.failed(internal);
    return exit_internal;
  }
}

}  // namespace
}  // namespace sluice::host::cli

int main(int argc, char** argv) {
  sluice::host::cli::keep_standard_streams();
  try {
    return sluice::host::cli::run(argc, argv);
  } catch (...) {
    return sluice::host::cli::exit_internal;
  }
}
