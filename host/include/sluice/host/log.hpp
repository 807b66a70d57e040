// Where the host's log lines go. The embedding program gives a LogSink, or none for silence.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/host/export.hpp"

namespace sluice::host {

enum class Severity { trace, debug, info, warning, error };

// One structured line. `fields` are set by the host (component, plugin, endpoint, runId, …) and by plugins;
// secrets that the host resolved are already scrubbed.
struct LogLine {
  Severity severity = Severity::info;
  std::chrono::system_clock::time_point time;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  // [any thread] Must not throw and should return soon: plugins wait for it.
  virtual void write(const LogLine& line) noexcept = 0;
};

enum class LogFormat { text, json };

// Lines of `least` severity and above on standard error, through Boost.Log. The sink takes itself out of
// Boost.Log's core when it is destroyed. Two of them may live at once; each writes only its own lines.
SLUICE_HOST_API std::shared_ptr<LogSink> make_stderr_log(Severity least, LogFormat format, bool color);

}  // namespace sluice::host
