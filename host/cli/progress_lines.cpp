#include "host/cli/progress_lines.hpp"

#include <string>

#include "host/cli/quantities.hpp"

namespace sluice::host::cli {

void ProgressLines::update(const Progress& progress) {
  if (progress.done || progress.elapsed < next_) return;
  next_ = progress.elapsed + pace;
  const double rate = meter_.update(progress.bytes_read, progress.elapsed);
  LogLine line{Severity::info, std::chrono::system_clock::now(), "progress", {}};
  auto add = [&line](const char* key, std::string value) { line.fields.emplace_back(key, std::move(value)); };
  add("runId", progress.run_id);
  add("unitId", progress.unit_id);
  add("recordsRead", std::to_string(progress.records_read));
  add("recordsWritten", std::to_string(progress.records_written));
  if (progress.records_rejected > 0) add("recordsRejected", std::to_string(progress.records_rejected));
  add("bytesRead", std::to_string(progress.bytes_read));
  if (progress.bytes_expected > 0) add("bytesExpected", std::to_string(progress.bytes_expected));
  add("rate", human_rate(rate));
  add("stagingUsed", std::to_string(progress.staging_used));
  log_->write(line);
}

}  // namespace sluice::host::cli
