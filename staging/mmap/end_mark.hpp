// That a stream is sealed, and after how many frames: kept apart from the segments, so that the loss of the
// last ones does not go unnoticed.
#pragma once

#include <cstdint>

#include "sluice/staging.hpp"
#include "staging/mmap/segment.hpp"
#include "staging/mmap/session_files.hpp"

namespace sluice::staging {

struct EndMark {
  uint64_t next = 0;  // one past the last frame
  SealedAs how = SealedAs::finished;
};

// The file, its room reserved, with no mark in it. With `to_disk` its contents survive power loss; the caller
// syncs the folder.
Status create_end_mark(FileLayer& files, const SessionFiles& at, uint32_t stream, bool to_disk);
// Durable as the session is when it returns.
Status write_end_mark(FileLayer& files, const SessionFiles& at, const SegmentShape& shape, uint32_t stream,
                      const EndMark& mark, bool to_disk);
// Takes it back, likewise.
Status clear_end_mark(FileLayer& files, const SessionFiles& at, uint32_t stream, bool to_disk);
// `there` is false when there is none, or it is damaged. Fails when the file cannot be looked at.
Status read_end_mark(FileLayer& files, const SessionFiles& at, const SegmentShape& shape, uint32_t stream,
                     EndMark& out, bool& there);

}  // namespace sluice::staging
