// One segment file, mapped.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sluice/staging.hpp"
#include "staging/files/file_layer.hpp"
#include "staging/mmap/format.hpp"

namespace sluice::staging {

// What all segments of a session share.
struct SegmentShape {
  uint64_t session_key = 0;
  uint64_t bytes = 0;
};

class Segment {
 public:
  // A new file whose room is reserved and whose header says that it is not in use. `touch`: take the page
  // faults now. With `to_disk` the file itself survives power loss.
  static Status create(FileLayer& files, const std::string& path, const SegmentShape& shape, bool to_disk,
                       bool touch, Segment& out);
  // Maps what is there of it, which may be less than its shape says. ENOENT comes as E_STAGING_MISSING.
  static Status open(FileLayer& files, const std::string& path, FileLayer::Access access, Segment& out);

  // The header when it is whole and of this session; nothing when the segment is not in use. `damaged`:
  // neither.
  std::optional<format::SegmentHeader> header(const SegmentShape& shape, uint32_t stream,
                                              bool& damaged) const;
  // What the first record tells of a header that is damaged: number and base. Nothing when it is damaged too.
  std::optional<format::SegmentHeader> header_from_records(const SegmentShape& shape) const;
  // Begins another use of the file: everything in it from before is void at once. Only what a later sync of
  // the file finds is durable.
  void begin_use(const SegmentShape& shape, uint32_t stream, uint64_t number, uint64_t base_sequence,
                 uint64_t acknowledged, uint64_t kept_from);
  // Nothing in it counts any more.
  void end_use();

  // Bytes that can be looked at.
  uint64_t bytes() const { return mapping_.bytes(); }
  std::byte* at(uint64_t offset) const { return mapping_.at(offset); }
  // Where an address in it lies, for another process; nothing when it lies elsewhere. Slots keep their file.
  std::optional<SharedPlace> place_of(const std::byte* address, uint32_t stream, uint32_t slot) const;
  const File& file() const { return file_; }
  const std::string& path() const { return file_.path(); }

 private:
  File file_;
  Mapping mapping_;
};

}  // namespace sluice::staging
