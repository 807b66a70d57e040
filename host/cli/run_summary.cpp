#include "host/cli/run_summary.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <string>

#include "host/cli/quantities.hpp"
#include "host/cli/table.hpp"
#include "host/cli/terminal.hpp"

namespace sluice::host::cli {
namespace {

constexpr unsigned longest_checkpoint = 160;

std::string checkpoint_text(const json::value& checkpoint) {
  if (checkpoint.is_null()) return "none";
  std::string text = json::serialize(checkpoint);
  if (display_width(text) <= longest_checkpoint) return text;
  return std::string(cut_to_width(text, longest_checkpoint)) + "… (" + human_bytes(text.size()) +
         "; whole with --json)";
}

// `source file.ndjson, plugin file 0.1.0`
std::string side_text(const json::object& side) {
  return text_at(side, "role") + " " + text_at(side, "templateId") + ", plugin " + text_at(side, "plugin") +
         " " + text_at(side, "version");
}

}  // namespace

std::string run_summary(const json::object& result, bool color) {
  const json::object& stats = object_at(result, "stats");
  const json::object& receipt = object_at(result, "receipt");
  const std::string status = text_at(result, "status");
  const uint64_t read = count_at(stats, "recordsRead"), written = count_at(stats, "recordsWritten"),
                 rejected = count_at(stats, "recordsRejected"), filtered = count_at(stats, "recordsFiltered"),
                 bytes_read = count_at(stats, "bytesRead"), bytes_written = count_at(stats, "bytesWritten"),
                 ms = count_at(stats, "durationMs"), retries = count_at(stats, "retries");

  Table table;
  table.add({"run", text_at(result, "runId")});
  table.add({"records", grouped(read) + " read, " + grouped(written) + " written, " + grouped(rejected) +
                            " rejected" + (filtered > 0 ? ", " + grouped(filtered) + " filtered" : "")});
  std::string rate;
  if (ms > 0) rate = ", " + human_rate(static_cast<double>(bytes_read) * 1000 / static_cast<double>(ms));
  table.add({"bytes", human_bytes(bytes_read) + " read, " + human_bytes(bytes_written) + " written" + rate});
  table.add({"duration", human_duration(std::chrono::milliseconds(ms))});
  if (retries > 0) table.add({"retries", grouped(retries)});
  if (const std::string verdict = text_at(stats, "verdict"); !verdict.empty())
    table.add({"verdict", verdict});
  table.add({"checkpoint", checkpoint_text(at(result, "newCheckpoint"))});
  if (const std::string staged = text_at(result, "stageRef"); !staged.empty()) table.add({"staging", staged});
  // What a failed or cancelled run had read but not committed is read again by the next one.
  const uint64_t accounted = written + rejected + filtered;
  table.add({"receipt", "read " + grouped(read) + " = written " + grouped(written) + " + rejected " +
                            grouped(rejected) + " + filtered " + grouped(filtered) +
                            (read > accounted ? " + not committed " + grouped(read - accounted) : "")});
  if (const std::string durability = text_at(receipt, "durability"); !durability.empty())
    table.add({"receipt", "durability " + durability});
  for (const json::value& side : array_at(receipt, "plugins"))
    if (const json::object* object = side.if_object()) table.add({"receipt", side_text(*object)});
  table.add({"receipt", "checkpoint before " + checkpoint_text(at(receipt, "checkpointBefore"))});
  table.add({"receipt", "checkpoint after " + checkpoint_text(at(receipt, "checkpointAfter"))});

  const Paint paint = status == "succeeded"   ? Paint::green
                      : status == "cancelled" ? Paint::yellow
                                              : Paint::red;
  return "status      " + painted(status, paint, color) + "\n" + table.text(false);
}

}  // namespace sluice::host::cli
