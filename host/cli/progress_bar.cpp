#include "host/cli/progress_bar.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "host/cli/quantities.hpp"
#include "host/cli/terminal.hpp"
#include "host/log/printable.hpp"

namespace sluice::host::cli {
namespace {

constexpr unsigned least_bar = 8, longest_bar = 24, bar_frame = 3;  // columns; the frame is "[" and "] "
constexpr unsigned least_unit = 8, longest_unit = 32;
constexpr std::string_view wipe_line = "\r\x1b[K";

void write_stderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(STDERR_FILENO, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return;  // a terminal that went away: the run goes on without a bar
    text.remove_prefix(static_cast<std::size_t>(done));
  }
}

std::string bar_of(double part, unsigned columns) {
  const auto full = static_cast<unsigned>(part * columns);
  std::string bar(full, '=');
  if (full < columns) bar += '>';
  bar.resize(columns, ' ');
  return '[' + bar + "] ";
}

std::string percent(double part) {
  return std::to_string(static_cast<int>(part * 100)) + " %";
}

double share(uint64_t part, uint64_t whole) {
  return std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
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
  const bool sized = progress.bytes_expected > 0;
  // A file that grows while it is read gives more than was expected.
  const double part = sized ? share(progress.bytes_read, progress.bytes_expected) : 0;

  // What the line is for comes first; what is left of the width goes to bar, unit and size, in this order.
  std::string tail = "  " + grouped(progress.records_read) + " records";
  if (progress.records_rejected > 0) tail += "  " + grouped(progress.records_rejected) + " rejected";
  tail += "  " + human_rate(rate);
  if (progress.staging_capacity > 0)
    tail += "  staging " + percent(share(progress.staging_used, progress.staging_capacity));
  if (sized && rate > 1) {
    const uint64_t left = progress.bytes_expected - std::min(progress.bytes_read, progress.bytes_expected);
    const double seconds = std::min(static_cast<double>(left) / rate, 3600.0 * 999);
    tail += "  ETA " + clock_time(std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000)));
  } else {
    tail += "  " + clock_time(progress.elapsed);
  }
  std::string size = human_bytes(progress.bytes_read);
  const std::string head = note.empty() ? "" : note + "  ", done = sized ? percent(part) + "  " : "";
  const unsigned fixed = display_width(head + done + size + tail);
  unsigned room = width > fixed ? width - fixed : 0;

  unsigned columns = 0;
  if (sized && room >= least_bar + bar_frame) {
    columns = least_bar;
    room -= least_bar + bar_frame;
  }
  std::string unit = printable(progress.unit_id);
  if (room < least_unit + 2) {
    unit.clear();
  } else if (!unit.empty()) {
    const unsigned most = std::min(room - 2, longest_unit);
    if (display_width(unit) > most) unit = std::string(cut_to_width(unit, most - 1)) + "~";
    unit += "  ";
    room -= display_width(unit);
  }
  const std::string of = sized ? " of " + human_bytes(progress.bytes_expected) : "";
  if (of.size() <= room) {
    size += of;
    room -= static_cast<unsigned>(of.size());
  }
  if (columns > 0) columns = std::min(longest_bar, columns + room);
  const std::string bar = columns > 0 ? bar_of(part, columns) : "";
  return std::string(cut_to_width(head + unit + bar + done + size + tail, width));
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
