#include "generator_source.hpp"

#include <algorithm>
#include <string>

#include "rate_limit.hpp"

namespace sluice::generator {

namespace {

constexpr std::string_view unit_name = "records";

enum Column : size_t { id, name, amount, active, day, at, note };

std::vector<Field> table_fields() {
  return {{"id", Type::int64, false},       {"name", Type::utf8, false},  {"amount", Type::float64, false},
          {"active", Type::boolean, false}, {"day", Type::date32, false}, {"at", Type::timestamp, false},
          {"note", Type::json, true}};
}

uint64_t index_in(const Json& object, std::string_view key) {
  const int64_t index = object.at(key).as_integer();
  if (index < 0)
    throw Error(ErrorClass::config, "E_CHECKPOINT", "\"" + std::string(key) + "\" is negative")
        .at(object.dump());
  return static_cast<uint64_t>(index);
}

}  // namespace

GeneratorSource::GeneratorSource(const Context& context)
    : host_(context.host()),
      count_(static_cast<uint64_t>(std::max<int64_t>(context.config().integer("count", 1000), 0))),
      seed_(static_cast<uint64_t>(context.config().integer("seed", 0))),
      record_bytes_(static_cast<uint32_t>(
          std::clamp<int64_t>(context.config().integer("recordBytes", 250), RecordText::smallest, 64 << 20))),
      rate_(context.config().find("rate") ? context.config().at("rate").as_number() : 0) {
  const uint32_t digits = RecordText::digits_that_fit(record_bytes_);
  if (count_ > 0 && std::to_string(count_ - 1).size() > digits)
    throw Error(ErrorClass::config, "E_CONFIG",
                "recordBytes " + std::to_string(record_bytes_) + " has room for ids of " +
                    std::to_string(digits) + " digits; count " + std::to_string(count_) + " needs more")
        .try_this("raise recordBytes to 64 or lower count");
}

void GeneratorSource::units(const std::function<bool(const Unit&)>& out) {
  Unit unit{.id = std::string(unit_name)};
  unit.title = "Generated records";
  unit.content_type = "application/json";
  unit.records = count_;
  if (record_bytes_ <= UINT64_MAX / std::max<uint64_t>(count_, 1)) unit.bytes = count_ * record_bytes_;
  unit.schema = table_fields();
  unit.details = Json::object({{"seed", static_cast<int64_t>(seed_)}, {"recordBytes", record_bytes_}});
  out(unit);
}

GeneratorSource::Range GeneratorSource::range_of(const ReadRequest& request) const {
  if (request.unit_id != unit_name)
    throw Error(ErrorClass::config, "E_UNIT_UNKNOWN", "the generator has no unit \"" + request.unit_id + "\"")
        .try_this("its one unit is \"records\"");
  Range range{0, count_};
  if (request.slice) range = {index_in(*request.slice, "from"), index_in(*request.slice, "to")};
  if (request.checkpoint) range.from = std::max(range.from, index_in(*request.checkpoint, "next"));
  range.to = std::min(range.to, count_);
  return range;
}

void GeneratorSource::read(const ReadRequest& request, SourceWriter& out) {
  const Range range = range_of(request);
  if (request.tables)
    read_rows(range, out);
  else
    read_documents(range, out);
}

void GeneratorSource::read_documents(Range range, SourceWriter& out) {
  uint64_t next = range.from;
  DocumentBuilder builder(out, [&] { return Json::object({{"next", next}}); });
  RateLimit limit(host_, rate_, out.max_batch_delay_ms());
  RecordText text(seed_, record_bytes_);
  text.seek(next);
  if (next < range.to && range.to - next <= UINT64_MAX / record_bytes_)
    out.expect_bytes((range.to - next) * record_bytes_);
  while (next < range.to) {
    limit.pace([&] { builder.tick(); });
    const uint64_t wanted = rate_ > 0 ? 1 : range.to - next;
    if (const auto room = builder.reserve_run(record_bytes_, wanted, RecordText::slack); room.count > 0) {
      text.fill(room.to, room.count);
      builder.commit_run(room.count, record_bytes_);
      next += room.count;
    } else {
      text.seek(++next);
    }
  }
  builder.flush();
}

void GeneratorSource::read_rows(Range range, SourceWriter& out) {
  static constexpr int64_t micros_a_second = 1'000'000;
  static constexpr int64_t first_second = 946'684'800;  // 2000-01-01
  uint64_t next = range.from;
  TableBuilder builder(out, table_fields(), [&] { return Json::object({{"next", next}}); });
  RateLimit limit(host_, rate_, out.max_batch_delay_ms());
  const RecordHash hash_of(seed_);
  std::string text;
  for (; next < range.to; ++next) {
    limit.pace([&] { builder.tick(); });
    const uint64_t hash = hash_of(next);
    // A century of seconds, so that every index gives a date that other systems can hold.
    const auto second = first_second + static_cast<int64_t>(next % 3'155'760'000u);
    builder.begin_row();
    builder.set_int64(id, static_cast<int64_t>(next));
    text.assign("name-").append(std::to_string(hash % 100'000));
    builder.set_text(name, text);
    builder.set_float64(amount, static_cast<double>(hash >> 40) / 100);
    builder.set_bool(active, (hash >> 8 & 1u) != 0);
    builder.set_date32(day, static_cast<int32_t>(second / 86'400));
    builder.set_timestamp(at, second * micros_a_second + static_cast<int64_t>(hash % 1'000'000));
    if (hash % 8 != 0) {
      text.assign("{\"weight\":").append(std::to_string(hash >> 16 & 1023u)).append("}");
      builder.set_text(note, text);
    }
    builder.end_row();
  }
  builder.flush();
}

std::vector<Json> GeneratorSource::plan(const ReadRequest& request, uint32_t max_slices) {
  const Range range = range_of(request);
  std::vector<Json> slices;
  if (range.from >= range.to || max_slices < 2) return slices;
  const uint64_t records = range.to - range.from, wanted = std::min<uint64_t>(max_slices, records);
  uint64_t from = range.from;
  for (uint64_t i = 0; i < wanted; ++i) {
    const uint64_t to = from + records / wanted + (i < records % wanted ? 1 : 0);
    slices.push_back(Json::object({{"from", from}, {"to", to}}));
    from = to;
  }
  return slices;
}

// Goes on behind the part that is complete without a gap.
Json GeneratorSource::merge(const Json& before, const Json& slices) {
  struct Part {
    uint64_t from, to, next;
  };
  std::vector<Part> parts;
  for (const Json& entry : slices.as_array()) {
    const Json& slice = entry.at("slice");
    const Json* checkpoint = entry.find("checkpoint");
    Part part{index_in(slice, "from"), index_in(slice, "to"), 0};
    part.next = checkpoint && checkpoint->is_object() ? index_in(*checkpoint, "next") : part.from;
    parts.push_back(part);
  }
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.from < b.from; });
  uint64_t next = before.is_object() ? index_in(before, "next") : 0;
  for (const Part& part : parts) {
    if (part.from > next) break;
    next = std::max(next, part.next);
    if (part.next < part.to) break;
  }
  return Json::object({{"next", next}});
}

}  // namespace sluice::generator
