#include "host/log/line_format.hpp"

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <ctime>

#include "host/log/printable.hpp"

namespace sluice::host {
namespace {

struct Look {
  const char* level;   // in JSON
  const char* padded;  // in text, five wide
  const char* color;
  const char* priority;
};

const Look& look_of(Severity severity) {
  static constexpr std::array<Look, 5> looks{{{"trace", "TRACE", "\x1b[2m", "<7>"},
                                              {"debug", "DEBUG", "\x1b[2m", "<7>"},
                                              {"info", "INFO ", "\x1b[32m", "<6>"},
                                              {"warning", "WARN ", "\x1b[33m", "<4>"},
                                              {"error", "ERROR", "\x1b[31m", "<3>"}}};
  const auto index = static_cast<std::size_t>(severity);
  return looks[index < looks.size() ? index : looks.size() - 1];
}

std::string rfc3339(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto whole = floor<seconds>(time);
  const auto millis = duration_cast<milliseconds>(time - whole).count();
  const std::time_t at = system_clock::to_time_t(whole);
  std::tm utc{};
  gmtime_r(&at, &utc);
  std::array<char, 80> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(millis));
  return buffer.data();
}

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \"=\\") != std::string_view::npos;
}

void append_value(std::string& out, std::string_view value) {
  const std::string shown = printable(value);
  if (!needs_quotes(value)) {
    out += shown;
    return;
  }
  out += '"';
  // printable() leaves backslashes alone, so an escape that it made reads the same inside the quotes.
  for (char c : shown) {
    if (c == '"') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string format_text(const LogLine& line, TextStyle style) {
  const Look& look = look_of(line.severity);
  std::string out;
  out.reserve(64 + line.message.size() + 32 * line.fields.size());
  if (style.journal_prefix) out += look.priority;
  out += rfc3339(line.time);
  out += ' ';
  if (style.color) out += look.color;
  out += look.padded;
  if (style.color) out += "\x1b[0m";
  out += ' ';
  out += printable(line.message);
  for (const auto& [key, value] : line.fields) {
    out += ' ';
    out += printable(key);
    out += '=';
    append_value(out, value);
  }
  out += '\n';
  return out;
}

std::string format_json(const LogLine& line) {
  boost::json::object object;
  object.reserve(3 + line.fields.size());
  object["ts"] = rfc3339(line.time);
  object["level"] = look_of(line.severity).level;
  object["msg"] = valid_utf8(line.message);
  for (const auto& [key, value] : line.fields) {
    std::string name = valid_utf8(key);
    if (name == "ts" || name == "level" || name == "msg") name += '_';
    object[name] = valid_utf8(value);
  }
  std::string out = boost::json::serialize(object);
  out += '\n';
  return out;
}

}  // namespace sluice::host
