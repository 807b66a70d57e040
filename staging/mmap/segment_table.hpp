// The segments of one stream as their headers tell: read at open, and again where the chain of records is
// broken.
#pragma once

#include <cstdint>
#include <vector>

#include "staging/mmap/segment.hpp"
#include "staging/mmap/session_files.hpp"

namespace sluice::staging {

struct SegmentInfo {
  uint32_t slot = 0;
  uint64_t number = 0;
  uint64_t base = 0;   // sequence of its first frame
  uint64_t limit = 0;  // frames from here on count for nothing: a later segment begins there
};

struct SegmentTable {
  std::vector<SegmentInfo>
      segments;                  // in use, by number; those with nothing in them that counts are left out
  std::vector<uint32_t> unused;  // slots
  // Slots whose header cannot be believed, or that cannot be opened. What the first record tells of the
  // header may stand in `segments` all the same.
  std::vector<uint32_t> damaged;
  uint64_t highest_number = 0;               // ever used
  uint32_t next_slot = 0;                    // higher than any slot there is
  uint64_t acknowledged = 0, kept_from = 0;  // at least so far, whatever the cursor says

  // What is damaged stands in `damaged`. Fails when the folder cannot be listed, or a file in it cannot be
  // looked at for a reason that says nothing of what it holds.
  static Status read(FileLayer& files, const SessionFiles& at, const SegmentShape& shape, uint32_t stream,
                     SegmentTable& out);

  // The segment in which to look for a frame: the one that holds it, or the first behind it. Null when none.
  const SegmentInfo* find(uint64_t sequence) const;
  // The first in use after this number that may hold this frame or one behind it.
  const SegmentInfo* after(uint64_t number, uint64_t sequence) const;
  const SegmentInfo* numbered(uint64_t number) const;
};

// A file that is gone is damage to be counted; any other failure to open one may pass.
bool is_missing(const Status& status);

}  // namespace sluice::staging
