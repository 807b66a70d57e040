#include "staging/mmap/segment_table.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace sluice::staging {

Status SegmentTable::read(FileLayer& files, const SessionFiles& at, const SegmentShape& shape,
                          uint32_t stream, SegmentTable& out) {
  out = {};
  std::vector<std::string> names;
  if (const int error = files.list(at.folder, names)) return file_error("list", at.folder, error);
  for (const std::string& name : names) {
    const auto parsed = segment_name(name);
    if (!parsed || parsed->stream != stream) continue;
    out.next_slot = std::max(out.next_slot, parsed->slot + 1);
    Segment segment;
    bool damaged = true;
    std::optional<format::SegmentHeader> header;
    Status status = Segment::open(files, at.segment(stream, parsed->slot), FileLayer::Access::read, segment);
    if (!status.ok() && !is_missing(status)) return status;
    if (status.ok()) header = segment.header(shape, stream, damaged);
    if (damaged) out.damaged.push_back(parsed->slot);
    if (status.ok() && !header) header = segment.header_from_records(shape);
    if (!header && damaged) continue;
    if (!header) {
      // One that is cut short has no room to be used.
      (segment.bytes() == shape.bytes ? out.unused : out.damaged).push_back(parsed->slot);
    } else {
      out.segments.push_back({parsed->slot, header->number, header->base_sequence, 0});
      out.highest_number = std::max(out.highest_number, header->number);
      out.acknowledged = std::max(out.acknowledged, header->acknowledged);
      out.kept_from = std::max(out.kept_from, header->kept_from);
    }
  }
  std::sort(out.segments.begin(), out.segments.end(),
            [](const SegmentInfo& a, const SegmentInfo& b) { return a.number < b.number; });
  uint64_t limit = std::numeric_limits<uint64_t>::max();
  for (auto segment = out.segments.rbegin(); segment != out.segments.rend(); ++segment) {
    segment->limit = limit;
    limit = std::min(limit, segment->base);
  }
  // What was dropped when the stream was rewound, and what is acknowledged, is room.
  auto counts = [&](const SegmentInfo& segment) {
    if (segment.limit > segment.base && segment.limit > out.kept_from) return true;
    out.unused.push_back(segment.slot);
    return false;
  };
  std::erase_if(out.segments, [&](const SegmentInfo& segment) { return !counts(segment); });
  std::sort(out.unused.begin(), out.unused.end());
  return {};
}

const SegmentInfo* SegmentTable::find(uint64_t sequence) const {
  for (const SegmentInfo& segment : segments)
    if (segment.limit > sequence) return &segment;
  return nullptr;
}

const SegmentInfo* SegmentTable::after(uint64_t number, uint64_t sequence) const {
  for (const SegmentInfo& segment : segments)
    if (segment.number > number && segment.limit > sequence) return &segment;
  return nullptr;
}

const SegmentInfo* SegmentTable::numbered(uint64_t number) const {
  for (const SegmentInfo& segment : segments)
    if (segment.number == number) return &segment;
  return nullptr;
}

bool is_missing(const Status& status) {
  return !status.ok() && status.error().code() == "E_STAGING_MISSING";
}

}  // namespace sluice::staging
