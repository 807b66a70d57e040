// What scans found, kept from one process to the next: a file that has not changed is neither read nor hashed
// nor scanned again. One JSON file in a folder that only the host's user can write to; whatever is wrong with
// it, it is as if it were not there.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/plugin_file.hpp"
#include "host/plugin/plugin_note.hpp"
#include "host/result.hpp"

namespace sluice::host {

// Either the note and companions of a plugin that can be loaded, or why it cannot.
struct ScanOutcome {
  std::string digest;              // empty when it was refused before the file was read
  std::string scanned_at;          // RFC 3339
  std::string plugin_id;           // empty when it never came to be known
  std::string code, reason, hint;  // empty when it can be loaded
  PluginNote note;
  std::vector<std::filesystem::path> companions;

  bool refused() const { return !code.empty(); }
};

// Whether the refusal comes from the file's bytes alone, so that it stands until the file changes. Others may
// be mended without touching the file: a library installed, a permission given, memory that the loader
// lacked.
bool is_lasting_refusal(std::string_view code);

// [any thread]
class ScanCache {
 public:
  // Reads what is there. Outcomes of another version of the host do not count.
  ScanCache(std::filesystem::path folder, std::string host_version);

  // What was found when the file was in this state.
  std::optional<ScanOutcome> find(const std::filesystem::path& file, const FileIdentity& identity) const;
  // Leaves out refusals that are not lasting: what was kept of the file is forgotten then.
  void keep(const std::filesystem::path& file, const FileIdentity& identity, ScanOutcome outcome);
  // Forgets that the file was refused; what can be loaded stays.
  void forget_refusal(const std::filesystem::path& file);

  // Writes what has changed since the last time, over what other processes wrote meanwhile. A host that
  // cannot keep anything works all the same.
  Status save();

  // /var/cache/sluice for root, else sluice in $XDG_CACHE_HOME or in .cache of the user's home.
  static std::filesystem::path default_folder();

 private:
  struct Entry {
    FileIdentity identity;
    ScanOutcome outcome;
  };
  using Entries = std::map<std::filesystem::path, Entry>;

  Entries read() const;
  Status write(const Entries& entries) const;
  std::filesystem::path file() const { return folder_ / "plugins.json"; }

  const std::filesystem::path folder_;
  const std::string host_version_;
  mutable std::mutex mutex_;
  Entries entries_;                                // guarded by mutex_
  std::map<std::filesystem::path, bool> changed_;  // guarded by mutex_; false: forgotten
};

}  // namespace sluice::host
