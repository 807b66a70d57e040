// The run as log lines, for a standard error that is no terminal.
#pragma once

#include <memory>

#include "host/cli/progress_bar.hpp"
#include "sluice/host/host.hpp"

namespace sluice::host::cli {

// One line of severity info about every five seconds; none for a run that is shorter.
class ProgressLines {
 public:
  explicit ProgressLines(std::shared_ptr<LogSink> log) : log_(std::move(log)) {}
  void update(const Progress& progress);

 private:
  static constexpr std::chrono::seconds pace{5};

  std::shared_ptr<LogSink> log_;
  RateMeter meter_;
  std::chrono::milliseconds next_{pace};
};

}  // namespace sluice::host::cli
