// How far a stream is acknowledged: two slots in one file, written in turn, so that one is always whole.
#pragma once

#include <cstdint>
#include <string>

#include "staging/files/file_layer.hpp"

namespace sluice::staging {

struct Cursor {
  uint64_t generation = 0;
  uint64_t acknowledged = 0;  // sequence of the first frame that is not committed
  uint64_t kept_from = 0;     // ... that may not be recycled: below `acknowledged` while its bytes are in use
  std::string checkpoint;     // the newest committed one, JSON; empty: none
};

// The reading end's owner writes it, anyone may read it meanwhile. [one thread at a time]
class CursorFile {
 public:
  CursorFile(FileLayer& files, std::string path, uint32_t stream, uint64_t session_key, bool to_disk)
      : files_(files),
        path_(std::move(path)),
        stream_(stream),
        session_key_(session_key),
        to_disk_(to_disk) {}

  // With its room reserved, at the beginning.
  Status create();
  Status open(FileLayer::Access access);
  // The newest whole slot. `damaged`: a slot that was written is not whole, so the truth may be further on.
  // When neither can be read, or the file is gone, the cursor stands at the beginning, and `damaged` is true.
  Cursor read(bool& damaged) const;
  // Durable as the session is when it returns.
  Status write(const Cursor& cursor);

 private:
  bool read_slot(uint64_t index, Cursor& out, bool& damaged) const;

  FileLayer& files_;
  const std::string path_;
  const uint32_t stream_;
  const uint64_t session_key_;
  const bool to_disk_;
  File file_;
};

}  // namespace sluice::staging
