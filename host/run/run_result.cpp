#include "host/run/run_result.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace sluice::host {

namespace {

int64_t ms(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

// The waiting share of a side's time, in percent.
int64_t share(std::chrono::nanoseconds waiting, std::chrono::nanoseconds busy) {
  const auto total = (waiting + busy).count();
  return total > 0 ? (waiting.count() * 100 + total / 2) / total : 0;
}

const char* to_text(RunStatus status) {
  switch (status) {
    case RunStatus::succeeded:
      return "succeeded";
    case RunStatus::failed:
      return "failed";
    case RunStatus::cancelled:
      return "cancelled";
  }
  return "failed";
}

boost::json::array list_of(const std::vector<Error>& errors) {
  boost::json::array list;
  for (const Error& error : errors) list.push_back(to_json(error));
  return list;
}

}  // namespace

std::string verdict(const RunResult& result) {
  if (result.counts.read() == 0) return "no data";
  const int64_t source_waits = share(result.source_blocked, result.source_busy);
  const int64_t sink_waits = share(result.sink_starved, result.sink_busy);
  if (source_waits < 10 && sink_waits < 10) return "balanced";
  return source_waits >= sink_waits ? "sink-bound, " + std::to_string(source_waits) + " %"
                                    : "source-bound, " + std::to_string(sink_waits) + " %";
}

std::string format_time(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(since / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                static_cast<int>(since % 1000));
  return text.data();
}

boost::json::object to_json(const Error& error) {
  return {{"code", error.code()},
          {"class", to_string(error.error_class())},
          {"message", error.message()},
          {"retryable", error.transient() || error.error_class() == ErrorClass::cancelled},
          {"where", error.where()},
          {"hint", error.hint()}};
}

boost::json::object to_json(const RunResult& result) {
  const Counts& counts = result.counts;
  boost::json::object stats{{"recordsRead", counts.read()},
                            {"recordsStaged", counts.staged},
                            {"recordsWritten", counts.written},
                            {"recordsRejected", counts.rejected()},
                            {"recordsFiltered", counts.filtered()},
                            {"bytesRead", counts.bytes_read},
                            {"bytesStaged", counts.bytes_staged},
                            {"bytesWritten", counts.bytes_written},
                            {"batches", counts.batches},
                            {"commits", result.commits},
                            {"retries", result.retries},
                            {"startedAt", format_time(result.started)},
                            {"completedAt", format_time(result.completed)},
                            {"durationMs", ms(result.duration)},
                            {"sourceBusyMs", ms(result.source_busy)},
                            {"sourceBlockedMs", ms(result.source_blocked)},
                            {"sinkBusyMs", ms(result.sink_busy)},
                            {"sinkStarvedMs", ms(result.sink_starved)},
                            {"peakStagingBytes", result.peak_staging},
                            {"verdict", verdict(result)}};
  boost::json::object receipt{
      {"delivery", result.delivery},
      {"durability", result.durability},
      {"staging", {{"provider", result.staging_provider}, {"durability", result.staging_durability}}},
      {"plugins", result.plugins},
      {"checkpointBefore", result.checkpoint_before},
      {"checkpointAfter", result.new_checkpoint}};
  return {{"runId", result.run_id},
          {"status", to_text(result.status)},
          {"newCheckpoint", result.new_checkpoint},
          {"stats", std::move(stats)},
          {"receipt", std::move(receipt)},
          {"stageRef",
           result.stage_ref.empty() ? boost::json::value(nullptr) : boost::json::value(result.stage_ref)},
          {"errors", list_of(result.errors)},
          {"warnings", list_of(result.warnings)}};
}

}  // namespace sluice::host
