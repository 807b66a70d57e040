// The marker beside an output file that is appended to: how much of it is committed, and by whom.
#pragma once

#include <optional>
#include <sluice/json.hpp>
#include <string>

#include "output_path.hpp"
#include "unique_fd.hpp"

namespace sluice::file {

// Stored as JSON in `.<name>.sluice`.
struct OutputMarker {
  std::string unit_key;
  uint64_t inode = 0;   // of the file that it speaks of; another file in its place makes it void
  uint64_t start = 0;   // where the unit's data begins
  uint64_t length = 0;  // where its committed data ends
  uint64_t fence = 0;   // drawn anew by each run that opens the file: only the newest one may commit
  uint64_t epoch = 0;   // the highest that a run of the unit had
  bool open = false;    // a run is writing: what lies behind `length` is its own, else it is somebody's
  Json token;           // of the last commit, or null
};

// Nothing when there is none or it cannot be understood.
std::optional<OutputMarker> read_marker(const OutputPath& path);
// Replaces it at once or not at all; with `to_disk` it survives power loss. E_DISK_FULL, E_FILE_WRITE.
void write_marker(const OutputPath& path, const OutputMarker& marker, bool to_disk);

// Keeps others out of the marker, in this process and in others, from its construction to its end.
class MarkerLock {
 public:
  explicit MarkerLock(const OutputPath& path);

 private:
  UniqueFd folder_;
};

// Makes renames in the folder survive power loss.
void sync_folder(const std::string& folder);

}  // namespace sluice::file
