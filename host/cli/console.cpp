#include "host/cli/console.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>

#include "host/log/printable.hpp"

namespace sluice::host::cli {
namespace {

// 0, or errno.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(descriptor, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return done < 0 ? errno : EIO;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return 0;
}

}  // namespace

void keep_standard_streams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    // Opened the wrong way round, so that using it is an error and not a silent loss. The lowest free
    // descriptor is this one, because those below are taken.
    (void)::open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
  }
}

json::object to_json(const Error& error) {
  json::object object{{"code", error.code()},
                      {"class", to_string(error.error_class())},
                      {"message", valid_utf8(error.message())},
                      {"retryable", error.transient()},
                      {"where", nullptr},
                      {"hint", nullptr}};
  if (!error.where().empty()) object["where"] = valid_utf8(error.where());
  if (!error.hint().empty()) object["hint"] = valid_utf8(error.hint());
  return object;
}

int Console::result(std::string_view text, int exit_code) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error == 0) return exit_code;
  show_error(
      to_json(Error(ErrorClass::system, "E_OUTPUT",
                    std::string("cannot write the result: ") + std::strerror(error), "standard output")));
  return exit_code == exit_done ? exit_environment : exit_code;
}

int Console::failed(const Error& error) {
  const int exit_code = error.error_class() == ErrorClass::config ? exit_rejected : exit_environment;
  const json::object object = to_json(error);
  if (options_.json) return result(json::serialize(json::object{{"error", object}}) + "\n", exit_code);
  show_error(object);
  return exit_code;
}

int Console::failed(const Reply& reply) {
  if (options_.json) return result(reply.json + "\n", reply.exit_code);
  show_error(object_at(parse_answer(reply.json), "error"));
  return reply.exit_code;
}

void Console::show_error(const json::object& error) {
  show(error, Severity::error);
}

void Console::show_warning(const json::value& warning) {
  if (options_.quiet) return;
  if (const json::object* object = warning.if_object()) {
    show(*object, Severity::warning);
  } else {
    show({{"message", brief(warning)}}, Severity::warning);
  }
}

void Console::note(std::string_view line) {
  if (options_.quiet) return;
  if (log_) {
    log_->write({Severity::info, std::chrono::system_clock::now(), std::string(line), {}});
  } else {
    (void)write_all(STDERR_FILENO, printable(line) + "\n");
  }
}

void Console::show(const json::object& problem, Severity severity) {
  static constexpr std::string_view details[] = {"where", "hint", "code"};
  const bool is_error = severity == Severity::error;
  if (log_) {
    LogLine line{severity, std::chrono::system_clock::now(), text_at(problem, "message"), {}};
    for (std::string_view key : details)
      if (std::string value = text_at(problem, key); !value.empty())
        line.fields.emplace_back(key, std::move(value));
    log_->write(line);
    return;
  }
  std::string out =
      painted(is_error ? "error:" : "warning:", is_error ? Paint::red : Paint::yellow, terminal_.err_color);
  out += ' ' + printable(text_at(problem, "message")) + '\n';
  for (std::string_view key : details) {
    const std::string value = text_at(problem, key);
    if (!value.empty()) out += "  " + std::string(key) + ": " + printable(value) + '\n';
  }
  (void)write_all(STDERR_FILENO, out);
}

}  // namespace sluice::host::cli
