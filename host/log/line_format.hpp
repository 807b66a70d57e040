// A log line as text: what make_stderr_log writes, without the writing.
#pragma once

#include <string>

#include "sluice/host/log.hpp"

namespace sluice::host {

struct TextStyle {
  bool color = false;
  // Begin with syslog's priority in brackets, as the journal reads it from a service's standard error.
  bool journal_prefix = false;
};

// `2026-11-23T17:00:00.123Z INFO  message key=value …` and a newline at the end, none inside. Values with
// blanks, quotes or an equals sign stand in double quotes.
std::string format_text(const LogLine& line, TextStyle style);

// {"ts": …, "level": …, "msg": …, fields as strings} and a newline. A field that is called like one of the
// first three gets an underscore behind its name; of fields with one name the last stands.
std::string format_json(const LogLine& line);

}  // namespace sluice::host
