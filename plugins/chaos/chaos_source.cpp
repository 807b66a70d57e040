#include "chaos_source.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace sluice::chaos {

namespace {

constexpr std::string_view unit_name = "records";

uint64_t index_in(const Json& object, std::string_view key) {
  return static_cast<uint64_t>(std::max<int64_t>(object.at(key).as_integer(), 0));
}

uint64_t member(const Context& context, std::string_view key, int64_t fallback) {
  return static_cast<uint64_t>(std::max<int64_t>(context.config().integer(key, fallback), 0));
}

}  // namespace

ChaosSource::ChaosSource(const Context& context)
    : fault_(context),
      records_(member(context, "records", 100)),
      at_(member(context, "at", 0)),
      record_bytes_(static_cast<size_t>(member(context, "recordBytes", 0))) {
  if (fault_.action() == Action::garbage_counts || fault_.action() == Action::reject)
    fault_.refuse_in("source");
}

void ChaosSource::units(const std::function<bool(const Unit&)>& out) {
  Unit unit{.id = std::string(unit_name)};
  unit.content_type = "application/json";
  unit.records = records_;
  unit.schema = {{"n", Type::int64, false}};
  out(unit);
}

ChaosSource::Range ChaosSource::range_of(const ReadRequest& request) const {
  if (request.unit_id != unit_name)
    throw Error(ErrorClass::config, "E_UNIT_UNKNOWN", "chaos has no unit \"" + request.unit_id + "\"")
        .try_this("its one unit is \"records\"");
  Range range{0, records_};
  if (request.slice) range = {index_in(*request.slice, "from"), index_in(*request.slice, "to")};
  if (request.checkpoint) range.from = std::max(range.from, index_in(*request.checkpoint, "next"));
  range.to = std::min(range.to, records_);
  return range;
}

void ChaosSource::read(const ReadRequest& request, SourceWriter& out) {
  const Range range = range_of(request);
  uint64_t next = range.from;
  auto position = [&] { return Json::object({{"next", next}}); };
  DocumentBuilder documents(out, position);
  TableBuilder rows(out, {{"n", Type::int64, false}}, position);
  auto flush = [&] { request.tables ? rows.flush() : documents.flush(); };
  std::string text;
  for (; next < range.to; ++next) {
    const std::string place = "record " + std::to_string(next);
    if (next == at_ && fault_.action() != Action::none) {
      flush();
      fault_.perform(place);
      if (fault_.action() == Action::malformed) publish_malformed(out);
      if (fault_.action() == Action::lie) publish_lie(out);
      if (fault_.action() == Action::too_large) {
        documents.reserve(out.max_value_bytes() + 1, place);
        continue;
      }
    }
    if (request.tables) {
      rows.begin_row();
      rows.set_int64(0, static_cast<int64_t>(next));
      rows.end_row(place);
    } else {
      text.assign("{\"n\":").append(std::to_string(next));
      if (text.size() + 1 < record_bytes_) text.append(record_bytes_ - text.size() - 1, ' ');
      text += '}';
      documents.append(text, place);
    }
  }
  flush();
  if (at_ == records_ && range.to == records_) fault_.perform("the end");
}

void ChaosSource::publish_malformed(SourceWriter& out) const {
  static constexpr size_t size = 256;
  std::memset(out.claim(size).data(), 0xa5, size);
  out.publish(size, 1, size);
}

void ChaosSource::publish_lie(SourceWriter& out) const {
  DocumentChunk chunk(out, '\n');
  std::memset(chunk.open(16).data(), '\n', 16);
  chunk.mark(16);
  chunk.mark(8);
  chunk.publish({}, 16);
}

std::vector<Json> ChaosSource::plan(const ReadRequest& request, uint32_t max_slices) {
  const Range range = range_of(request);
  std::vector<Json> slices;
  if (range.from >= range.to) return slices;
  const uint64_t count = range.to - range.from, wanted = std::min<uint64_t>(max_slices, count);
  for (uint64_t i = 0; i < wanted; ++i)
    slices.push_back(Json::object(
        {{"from", range.from + count * i / wanted}, {"to", range.from + count * (i + 1) / wanted}}));
  return slices;
}

Json ChaosSource::merge(const Json& before, const Json& slices) {
  uint64_t next = before.is_object() ? index_in(before, "next") : 0;
  for (const Json& entry : slices.as_array()) {
    const Json* checkpoint = entry.find("checkpoint");
    if (checkpoint && checkpoint->is_object()) next = std::max(next, index_in(*checkpoint, "next"));
  }
  return Json::object({{"next", next}});
}

}  // namespace sluice::chaos
