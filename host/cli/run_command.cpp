#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <csignal>
#include <optional>

#include "host/cli/checkpoint_file.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/progress_bar.hpp"
#include "host/cli/progress_lines.hpp"
#include "host/cli/run_summary.hpp"

namespace sluice::host::cli {
namespace {

// Leaves out the run's own error lines: they come with the result, where they have their hint, and are shown
// then.
class WithoutResultErrors final : public LogSink {
 public:
  explicit WithoutResultErrors(std::shared_ptr<LogSink> log) : log_(std::move(log)) {}

  void write(const LogLine& line) noexcept override {
    bool of_run = false, has_code = false;
    for (const auto& [key, value] : line.fields) {
      of_run = of_run || (key == "component" && value == "run");
      has_code = has_code || key == "code";
    }
    if (line.severity != Severity::error || !of_run || !has_code) log_->write(line);
  }

 private:
  std::shared_ptr<LogSink> log_;
};

// Progress as this standard error can show it.
class Reporter {
 public:
  explicit Reporter(Session& session) : session_(session) {
    const Console& console = session.console;
    const bool bar =
        console.terminal().err_redraws && !console.options().quiet && session.log.format == LogFormat::text;
    log_ = session.make_log(bar ? Severity::warning : Severity::info);
    if (!console.options().json) log_ = std::make_shared<WithoutResultErrors>(log_);
    if (bar) {
      bar_ = std::make_shared<ProgressBar>();
      log_ = log_above(bar_, log_);
    } else {
      lines_.emplace(log_);
    }
  }

  const std::shared_ptr<LogSink>& log() const { return log_; }
  bool has_bar() const { return bar_ != nullptr; }

  // Signals are spoken of here, on the run's thread: theirs must never wait for a terminal.
  void update(const Progress& progress) {
    const int signals = session_.signals.taken();
    if (signals != told_) {
      told_ = signals;
      if (bar_) bar_->set_note(signals == 1 ? "draining" : "stopping");
      log_->write({Severity::warning,
                   std::chrono::system_clock::now(),
                   signals == 1 ? "signal taken: ending at the next durable point; a second one stops at once"
                                : "second signal taken: stopping at once",
                   {{"runId", progress.run_id}}});
    }
    if (bar_) bar_->update(progress);
    if (lines_) lines_->update(progress);
  }

  void end() {
    if (bar_) bar_->clear();
  }

 private:
  Session& session_;
  std::shared_ptr<LogSink> log_;
  std::shared_ptr<ProgressBar> bar_;
  std::optional<ProgressLines> lines_;
  int told_ = 0;
};

// The reply of a run whose checkpoint could not be stored says so in its errors.
Reply with_error(const Reply& reply, const Error& error, int exit_code) {
  json::object result = parse_answer(reply.json);
  if (json::value& errors = result["errors"]; !errors.is_array()) errors.emplace_array();
  result["errors"].as_array().push_back(to_json(error));
  return {exit_code, json::serialize(result)};
}

Reply store_checkpoint(CheckpointFile& file, const Reply& reply) {
  const json::object result = parse_answer(reply.json);
  const json::value& checkpoint = at(result, "newCheckpoint");
  if (checkpoint.is_null()) return reply;  // nothing was committed, now or before
  Status stored = file.store(json::serialize(checkpoint));
  if (stored) return reply;
  const Error& why = stored.error();
  const Error error(why.error_class(), why.code(), why.message(), why.where(),
                    "the records are written; without this checkpoint the next run reads them again");
  // These codes promise a checkpoint that can be gone on from.
  const bool promised = reply.exit_code == exit_done || reply.exit_code == exit_too_many_rejected ||
                        reply.exit_code == exit_cancelled;
  return with_error(reply, error, promised ? exit_environment : reply.exit_code);
}

Result<std::string> read_request(const RunArguments& arguments, const std::string& checkpoint) {
  std::string request;
  if (!arguments.request.empty()) {
    auto read = read_text(arguments.request);
    if (!read) return read.error();
    request = std::move(*read);
  } else if (!arguments.flags.any()) {
    return Error(ErrorClass::config, "E_USAGE", "there is no request", "sluice run",
                 "give a file, - for standard input, or --endpoint, --unit and --sink");
  }
  if (!arguments.flags.any() && checkpoint.empty()) return request;
  // An empty file is no request, whatever the flags say; the host refuses it.
  if (!arguments.request.empty() && request.empty()) return request;
  return with_flags(request, arguments.flags, checkpoint);
}

Reply move(Host& host, RunCommand command, const std::string& request, const RunOptions& options) {
  switch (command) {
    case RunCommand::run:
      return host.run(request, options);
    case RunCommand::export_stage:
      return host.export_stage(request, options);
    case RunCommand::import_stage:
      return host.import_stage(request, options);
    case RunCommand::resume:
      return host.resume_stage(request, options);
  }
  return host.run(request, options);
}

int print_result(Console& console, const Reply& reply) {
  return console.answer(reply, [&](const json::object& result) {
    for (const json::value& warning : array_at(result, "warnings")) console.show_warning(warning);
    for (const json::value& error : array_at(result, "errors"))
      if (const json::object* object = error.if_object()) console.show_error(*object);
    // A request that was refused moved nothing: there is nothing to account for.
    if (reply.exit_code == exit_rejected) return std::string();
    return run_summary(result, console.terminal().out_color);
  });
}

}  // namespace

int run_command(Session& session, const RunArguments& arguments) {
  Console& console = session.console;
  std::string checkpoint;
  std::unique_ptr<CheckpointFile> file;
  if (!arguments.checkpoint_file.empty() && !arguments.flags.checkpoint.empty())
    return console.failed(Error(ErrorClass::config, "E_USAGE",
                                "--checkpoint and --checkpoint-file both name a checkpoint", "sluice run",
                                "give one of them"));
  if (!arguments.checkpoint_file.empty()) {
    auto opened = CheckpointFile::open(arguments.checkpoint_file);
    if (!opened) return console.failed(opened.error());
    file = std::move(*opened);
    checkpoint = file->checkpoint();
  } else if (!arguments.flags.checkpoint.empty()) {
    auto text = checkpoint_text(arguments.flags.checkpoint);
    if (!text) return console.failed(text.error());
    checkpoint = std::move(*text);
  }
  const auto request = read_request(arguments, checkpoint);
  if (!request) return console.failed(request.error());

  Reporter reporter(session);
  return with_host(session, reporter.log(), [&](Host& host) {
    RunOptions options;
    options.strict = arguments.strict;
    options.on_progress = [&reporter](const Progress& progress) { reporter.update(progress); };
    session.signals.run_begins(
        options.cancellation, reporter.has_bar() ? &ProgressBar::wipe_at_once : +[] {});
    options.follow = arguments.follow;
    Reply reply = move(host, arguments.command, *request, options);
    const int forced = session.signals.run_ended();
    reporter.end();
    if (file) reply = store_checkpoint(*file, reply);
    const int exit_code = print_result(console, reply);
    return forced != 0 ? exit_signal + forced : exit_code;
  });
}

}  // namespace sluice::host::cli
