// What is left of a stream whose writer is gone: recomputed from the files, believing no counter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "staging/mmap/stream_walk.hpp"

namespace sluice::staging {

struct RecoveredStream {
  uint64_t next = 0;  // one past the newest whole frame; of a sealed stream, past the last that was published
  bool sealed = false;
  SealedAs how = SealedAs::finished;
  std::string checkpoint;           // newest whole one that is staged, JSON; empty: none
  uint64_t after_checkpoint = 0;    // one past the frame that brought it
  std::optional<RecordPlace> tail;  // where a next record would stand
};

// Looks at the frames from `first` on. Reads headers, and the frames of the newest segment, whose tail may be
// torn. Damage is left for the reader to find; a torn tail is none.
Status recover(FileLayer& files, const SessionFiles& at, const SegmentShape& shape, uint32_t stream,
               uint64_t first, RecoveredStream& out);

}  // namespace sluice::staging
