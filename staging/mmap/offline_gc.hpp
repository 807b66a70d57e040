// `sluice staging gc`: removes sessions whose owners are gone and that nobody needs.
#pragma once

#include <chrono>

#include "staging/mmap/offline_list.hpp"

namespace sluice::staging {

struct GcOptions {
  std::vector<std::string> ids{};  // these alone, whatever is in them; empty: all that there are
  bool all = false;                // whatever is in them
  std::optional<std::chrono::microseconds> older_than{};  // made so long ago, whatever is in them
  bool dry_run = false;                                   // only say what would be done
  std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
};

struct GcItem {
  std::string name;  // id, or the folder's name of a leftover
  std::string reason;
  uint64_t bytes = 0;
  std::string moved_to;  // where a session lies now that could not be read; empty: it is deleted
};

struct GcReport {
  std::vector<GcItem> collected, kept;
  uint64_t bytes() const;  // freed
};

// Without `ids`, `all` and `older_than`: sessions that were never written, those that are sealed and
// acknowledged to their end, and what was left of sessions that were being made or removed. A session whose
// manifest cannot be read is not deleted but moved to `.damaged/`, and only when it is named or with `all`;
// one of a later version is let alone. A session in use is never touched. E_STAGE_UNKNOWN, E_STAGE_ID
// (config) when one of `ids` is not there: then nothing is done.
Status collect_garbage(FileLayer& files, const std::string& folder, const GcOptions& options, GcReport& out);

}  // namespace sluice::staging
