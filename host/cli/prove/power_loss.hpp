// What a disk would hold if the power went now: of each file what was last synced, of each folder the names
// that it had at its last sync. Kept beside a run by its durable steps, and put in place of the real files at
// the end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sluice/host/host.hpp"

namespace sluice::host::cli {

// The harshest reading of the system's promises: nothing that was not synced is there. [one thread at a time]
class PowerLoss {
 public:
  // `root` is the staging folder; that itself is taken as durable.
  explicit PowerLoss(std::string root) : root_(std::move(root)) {}

  void note(const DurableStep& step);
  // Replaces what lies under root by what is durable. Files that are open or mapped are not touched by it.
  void strike() const;

 private:
  using Id = uint64_t;
  struct Entry {
    bool is_folder = false;
    std::optional<std::string> synced;  // content of a file, once it was synced
    std::map<std::string, Id> names;    // of a folder, now
    std::map<std::string, Id> durable;  // ... at its last sync
  };

  Entry& entry(Id id) { return entries_[id]; }
  Id add(const std::string& path, bool is_folder);
  // The folder in which a path lies, and its last name; nothing outside root.
  std::optional<Id> parent_of(const std::string& path, std::string& name);
  std::optional<Id> find(const std::string& path);
  void restore(Id folder, const std::string& path) const;

  const std::string root_;
  std::map<Id, Entry> entries_{{0, {true, std::nullopt, {}, {}}}};
  Id next_ = 1;
};

}  // namespace sluice::host::cli
