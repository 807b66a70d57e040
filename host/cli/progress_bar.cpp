#include "host/cli/progress_bar.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <vector>

#include "host/cli/quantities.hpp"
#include "host/cli/terminal.hpp"
#include "host/log/printable.hpp"

namespace sluice::host::cli {
namespace {

constexpr unsigned bar_columns = 24, longest_unit = 32;
constexpr std::string_view wipe_line = "\r\x1b[K";

void write_stderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(STDERR_FILENO, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return;  // a terminal that went away: the run goes on without a bar
    text.remove_prefix(static_cast<std::size_t>(done));
  }
}

std::string bar_of(double part) {
  const auto full = static_cast<unsigned>(part * bar_columns);
  std::string bar(full, '=');
  if (full < bar_columns) bar += '>';
  bar.resize(bar_columns, ' ');
  return '[' + bar + ']';
}

std::string percent(double part) {
  return std::to_string(static_cast<int>(part * 100)) + " %";
}

}  // namespace

double RateMeter::update(uint64_t bytes, std::chrono::milliseconds elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed - at_).count();
  if (seconds < 0.05) return rate_;
  // A retry may begin again further back.
  const double now = bytes > bytes_ ? static_cast<double>(bytes - bytes_) / seconds : 0;
  rate_ = at_.count() == 0 ? now : rate_ + (now - rate_) * std::min(1.0, seconds / 2);
  bytes_ = bytes;
  at_ = elapsed;
  return rate_;
}

std::string progress_text(const Progress& progress, double rate, const std::string& note, unsigned width) {
  std::string unit = printable(progress.unit_id);
  if (display_width(unit) > longest_unit) unit = std::string(cut_to_width(unit, longest_unit - 1)) + "~";
  const bool sized = progress.bytes_expected > 0;
  // A file that grows while it is read gives more than was expected.
  const double part = sized ? std::min(1.0, static_cast<double>(progress.bytes_read) /
                                                static_cast<double>(progress.bytes_expected))
                            : 0;
  std::vector<std::string> parts;
  if (!note.empty()) parts.push_back(note);
  if (!unit.empty()) parts.push_back(unit);
  if (sized) {
    parts.push_back(bar_of(part) + ' ' + percent(part));
    parts.push_back(human_bytes(progress.bytes_read) + " of " + human_bytes(progress.bytes_expected));
  } else {
    parts.push_back(human_bytes(progress.bytes_read));
  }
  parts.push_back(grouped(progress.records_read) + " records");
  if (progress.records_rejected > 0) parts.push_back(grouped(progress.records_rejected) + " rejected");
  parts.push_back(human_rate(rate));
  if (progress.staging_capacity > 0)
    parts.push_back("staging " + percent(std::min(1.0, static_cast<double>(progress.staging_used) /
                                                           static_cast<double>(progress.staging_capacity))));
  const uint64_t left =
      progress.bytes_expected > progress.bytes_read ? progress.bytes_expected - progress.bytes_read : 0;
  if (sized && rate > 1) {
    const double seconds = std::min(static_cast<double>(left) / rate, 3600.0 * 999);
    parts.push_back("ETA " + clock_time(std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000))));
  } else {
    parts.push_back(clock_time(progress.elapsed));
  }
  std::string out;
  for (const std::string& text : parts) {
    if (display_width(out) + display_width(text) + (out.empty() ? 0 : 2) > width) break;
    if (!out.empty()) out += "  ";
    out += text;
  }
  return out;
}

void ProgressBar::update(const Progress& progress) {
  const std::lock_guard lock(mutex_);
  rate_ = meter_.update(progress.bytes_read, progress.elapsed);
  last_ = progress;
  if (!progress.done) draw();
}

void ProgressBar::set_note(std::string note) {
  const std::lock_guard lock(mutex_);
  note_ = std::move(note);
}

void ProgressBar::clear() {
  const std::lock_guard lock(mutex_);
  if (visible_) write_stderr(wipe_line);
  visible_ = false;
}

void ProgressBar::wipe_at_once() {
  pollfd terminal{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&terminal, 1, 0) == 1 && (terminal.revents & POLLOUT)) write_stderr(wipe_line);
}

void ProgressBar::above(LogSink& log, const LogLine& line) {
  const std::lock_guard lock(mutex_);
  if (visible_) write_stderr(wipe_line);
  log.write(line);
  if (visible_) draw();
}

void ProgressBar::draw() {
  // One column stays free: a full line would make some terminals go to the next.
  const unsigned width = std::max(terminal_width(), 2u) - 1;
  write_stderr("\r" + progress_text(last_, rate_, note_, width) + "\x1b[K");
  visible_ = true;
}

std::shared_ptr<LogSink> log_above(std::shared_ptr<ProgressBar> bar, std::shared_ptr<LogSink> log) {
  class LogAbove final : public LogSink {
   public:
    LogAbove(std::shared_ptr<ProgressBar> bar, std::shared_ptr<LogSink> log)
        : bar_(std::move(bar)), log_(std::move(log)) {}
    void write(const LogLine& line) noexcept override { bar_->above(*log_, line); }

   private:
    std::shared_ptr<ProgressBar> bar_;
    std::shared_ptr<LogSink> log_;
  };
  return std::make_shared<LogAbove>(std::move(bar), std::move(log));
}

}  // namespace sluice::host::cli
