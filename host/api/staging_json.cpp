#include "host/api/staging_json.hpp"

#include "host/run/run_result.hpp"

namespace sluice::host {

namespace {

namespace json = boost::json;

json::array names_in(const std::vector<std::string>& names) {
  json::array list;
  for (const std::string& name : names) list.push_back(json::value(name));
  return list;
}

std::string time_of(int64_t microseconds) {
  return format_time(
      std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::microseconds(microseconds))));
}

json::object to_json(const staging::StreamCheck& stream) {
  json::array ranges;
  for (const staging::DamagedRange& range : stream.ranges)
    ranges.push_back(json::object{{"sequence", range.sequence},
                                  {"batches", range.frames},
                                  {"file", range.file},
                                  {"offset", range.offset},
                                  {"bytes", range.bytes}});
  json::object object{{"acknowledged", stream.acknowledged},
                      {"from", stream.from},
                      {"next", stream.next},
                      {"sealed", stream.sealed},
                      {"endMarkMissing", stream.end_mark_missing},
                      {"batches", stream.frames},
                      {"records", stream.records},
                      {"bytes", stream.bytes},
                      {"lostBatches", stream.lost_frames},
                      {"lostBytes", stream.lost_bytes},
                      {"ranges", std::move(ranges)},
                      {"cursor", to_string(stream.cursor)},
                      {"segments", stream.segments},
                      {"unusedSegments", stream.unused_segments},
                      {"damagedHeaders", names_in(stream.damaged_headers)},
                      {"unreadableSegments", names_in(stream.unreadable_segments)},
                      {"stubSegments", names_in(stream.stub_segments)},
                      {"torn", nullptr}};
  if (stream.torn)
    object["torn"] = {{"file", stream.torn->file},
                      {"offset", stream.torn->offset},
                      {"bytes", stream.torn->bytes},
                      {"records", stream.torn->records.size()}};
  return object;
}

json::array to_json(const std::vector<staging::GcItem>& items) {
  json::array list;
  for (const staging::GcItem& item : items) {
    json::object object{
        {"name", item.name}, {"reason", item.reason}, {"bytes", item.bytes}, {"movedTo", nullptr}};
    if (!item.moved_to.empty()) object["movedTo"] = item.moved_to;
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace

std::string stage_ref_of(const std::string& stage_id) {
  return "mmap:" + stage_id;
}

json::object to_json(const staging::SessionLook& look) {
  json::array owners;
  if (look.owners.writer) owners.push_back("writer");
  if (look.owners.reader) owners.push_back("reader");
  json::object object{{"stageRef", stage_ref_of(look.id)}, {"stageId", look.id}};
  if (look.manifest) {
    object["runId"] = look.manifest->run_id;
    object["unitKey"] = look.manifest->unit_key;
    object["createdAt"] = time_of(look.manifest->created_at);
    object["durability"] = to_string(look.manifest->durability);
    object["streams"] = look.manifest->streams;
  }
  if (!look.streams.empty()) {
    object["pendingBatches"] = look.pending_frames();
    object["pendingRecords"] = look.pending_records();
    object["pendingBytes"] = look.pending_bytes();
    object["sealed"] = look.sealed();
  }
  object["bytes"] = look.bytes;
  object["live"] = look.owners.any();
  object["owners"] = std::move(owners);
  object["damaged"] = look.damaged;
  object["error"] = look.error ? json::value(to_json(*look.error)) : json::value(nullptr);
  return object;
}

json::object to_json(const staging::SessionCheck& check) {
  json::array streams;
  for (size_t i = 0; i < check.streams.size(); ++i) {
    json::object stream{{"stream", i}};
    for (auto& member : to_json(check.streams[i])) stream.emplace(member.key(), std::move(member.value()));
    streams.push_back(std::move(stream));
  }
  return {{"stageRef", stage_ref_of(check.manifest.stage_id)},
          {"damaged", check.damaged()},
          {"manifest", to_string(check.first)},
          {"manifestCopy", to_string(check.copy)},
          {"streams", std::move(streams)},
          {"error", nullptr}};
}

json::object to_json(const staging::RepairReport& report) {
  uint64_t lost = 0;
  for (const staging::StreamCheck& stream : report.after.streams) lost += stream.lost_frames;
  json::object object{{"stageRef", stage_ref_of(report.after.manifest.stage_id)},
                      {"actions", names_in(report.actions)},
                      {"backup", nullptr},
                      {"lostBatches", lost},
                      {"after", to_json(report.after)}};
  if (!report.backup.empty()) object["backup"] = report.backup;
  return object;
}

json::object to_json(const staging::GcReport& report) {
  return {
      {"collected", to_json(report.collected)}, {"kept", to_json(report.kept)}, {"bytes", report.bytes()}};
}

}  // namespace sluice::host
