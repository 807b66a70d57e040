// Standard output and standard error of the command: results on the one, everything else on the other.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "host/cli/json_fields.hpp"
#include "host/cli/options.hpp"
#include "host/cli/terminal.hpp"
#include "sluice/error.hpp"
#include "sluice/host/host.hpp"

namespace sluice::host::cli {

// Exit codes of contract and --help; the host gives the others itself.
inline constexpr int exit_done = 0, exit_internal = 1, exit_rejected = 2, exit_environment = 3,
                     exit_too_many_rejected = 5, exit_cancelled = 6, exit_signal = 128;

// Sees to it that descriptors 0 to 2 are taken: a file that is opened later must not become the standard
// output. Call first of all.
void keep_standard_streams();

class Console {
 public:
  Console(const GlobalOptions& options, const Terminal& terminal) : options_(options), terminal_(terminal) {}

  const GlobalOptions& options() const { return options_; }
  const Terminal& terminal() const { return terminal_; }

  // With a log, errors and warnings go there as lines instead of as text: when the log is JSON.
  void send_errors_to(std::shared_ptr<LogSink> log) { log_ = std::move(log); }

  // The whole of `text` on standard output. Gives `exit_code`, or 3 when it could not be written and the code
  // was 0.
  int result(std::string_view text, int exit_code);

  // An error of the command itself. With --json it is the object on standard output. Gives its exit code: 2
  // for class config, 3 for others.
  int failed(const Error& error);
  // A reply that carries {"error": …} and nothing else.
  int failed(const Reply& reply);
  // What a call of the host answered: its JSON with --json; its error when there is nothing but one; else
  // what `show` makes of the object.
  template <class Show>
  int answer(const Reply& reply, Show show) {
    if (options_.json) return result(reply.json + "\n", reply.exit_code);
    const json::object object = parse_answer(reply.json);
    if (at(object, "error").is_object()) return failed(reply);
    return result(show(object), reply.exit_code);
  }

  // For people, on standard error: `error: …` with where, hint and code under it; `warning: …`, not with -q.
  void show_error(const json::object& error);
  void show_warning(const json::value& warning);
  // A line on standard error, not with -q.
  void note(std::string_view line);

 private:
  void show(const json::object& problem, Severity severity);

  const GlobalOptions& options_;
  const Terminal& terminal_;
  std::shared_ptr<LogSink> log_;
};

json::object to_json(const Error& error);

}  // namespace sluice::host::cli
