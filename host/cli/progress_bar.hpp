// The run as one line of a terminal that is drawn again in place.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "sluice/host/host.hpp"

namespace sluice::host::cli {

// Rate of late, smoothed, so that a bar shows a change within seconds but does not jitter.
class RateMeter {
 public:
  // Bytes a second, after `bytes` altogether at `elapsed`.
  double update(uint64_t bytes, std::chrono::milliseconds elapsed);

 private:
  uint64_t bytes_ = 0;
  std::chrono::milliseconds at_{0};
  double rate_ = 0;
};

// The text of the bar, at most `width` columns: `unit  [====>   ] 42 %  12.0 MiB of 28.6 MiB  120,000 records
// …`. Where there is little room, the size expected, the unit and the bar itself give way to the numbers.
std::string progress_text(const Progress& progress, double rate, const std::string& note, unsigned width);

// [any thread] Draws on standard error. Nothing is left of it when it is destroyed.
class ProgressBar {
 public:
  ProgressBar() = default;
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(const Progress& progress);
  // A word at the front from the next update on, such as "draining".
  void set_note(std::string note);
  void clear();
  // Takes the line away without waiting for a lock or the terminal: for the moment before the process is
  // ended.
  static void wipe_at_once();
  // Writes a log line through `log` above the bar.
  void above(LogSink& log, const LogLine& line);

 private:
  void draw();  // mutex_ held

  std::mutex mutex_;
  RateMeter meter_;
  Progress last_;
  double rate_ = 0;
  std::string note_;
  bool visible_ = false;
};

// A log whose lines stand above the bar.
std::shared_ptr<LogSink> log_above(std::shared_ptr<ProgressBar> bar, std::shared_ptr<LogSink> log);

}  // namespace sluice::host::cli
