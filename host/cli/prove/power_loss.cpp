#include "host/cli/prove/power_loss.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice::host::cli {

namespace fs = std::filesystem;

std::optional<PowerLoss::Id> PowerLoss::parent_of(const std::string& path, std::string& name) {
  if (path.size() <= root_.size() + 1 || path.compare(0, root_.size(), root_) != 0) return std::nullopt;
  Id at = 0;
  std::string_view rest = std::string_view(path).substr(root_.size() + 1);
  for (;;) {
    const size_t slash = rest.find('/');
    if (slash == std::string_view::npos) {
      name = rest;
      return at;
    }
    const auto found = entries_[at].names.find(std::string(rest.substr(0, slash)));
    if (found == entries_[at].names.end()) return std::nullopt;
    at = found->second;
    rest.remove_prefix(slash + 1);
  }
}

std::optional<PowerLoss::Id> PowerLoss::find(const std::string& path) {
  if (path == root_) return 0;
  std::string name;
  const std::optional<Id> folder = parent_of(path, name);
  if (!folder) return std::nullopt;
  const auto found = entries_[*folder].names.find(name);
  return found == entries_[*folder].names.end() ? std::nullopt : std::optional(found->second);
}

PowerLoss::Id PowerLoss::add(const std::string& path, bool is_folder) {
  std::string name;
  const std::optional<Id> folder = parent_of(path, name);
  const Id id = next_++;
  entries_[id].is_folder = is_folder;
  if (folder) entries_[*folder].names[name] = id;
  return id;
}

void PowerLoss::note(const DurableStep& step) {
  if (!step.done) return;
  const std::string path(step.path);
  if (step.kind == "create" || step.kind == "make-folder") {
    if (path != root_) add(path, step.kind == "make-folder");
  } else if (step.kind == "sync") {
    const std::optional<Id> id = find(path);
    if (!id) return;
    std::ifstream file(path, std::ios::binary);
    entries_[*id].synced = std::string(std::istreambuf_iterator<char>(file), {});
  } else if (step.kind == "sync-folder") {
    if (const std::optional<Id> id = find(path)) entries_[*id].durable = entries_[*id].names;
  } else if (step.kind == "rename") {
    std::string from_name, to_name;
    const std::optional<Id> from = parent_of(path, from_name), to = parent_of(std::string(step.to), to_name);
    if (!from || !to || !entries_[*from].names.contains(from_name)) return;
    const Id id = entries_[*from].names.at(from_name);
    entries_[*from].names.erase(from_name);
    entries_[*to].names[to_name] = id;
  } else if (step.kind == "remove" || step.kind == "remove-folder") {
    std::string name;
    if (const std::optional<Id> folder = parent_of(path, name)) entries_[*folder].names.erase(name);
  }
}

void PowerLoss::restore(Id folder, const std::string& path) const {
  for (const auto& [name, id] : entries_.at(folder).durable) {
    const Entry& what = entries_.at(id);
    const std::string place = path + "/" + name;
    if (what.is_folder) {
      mkdir(place.c_str(), 0700);
      restore(id, place);
    } else {
      // Its name is durable and its content never was: an empty file is what may be found.
      std::ofstream(place, std::ios::binary) << what.synced.value_or("");
      chmod(place.c_str(), 0600);
    }
  }
}

void PowerLoss::strike() const {
  std::error_code ignored;
  for (const auto& left : fs::directory_iterator(root_, ignored)) fs::remove_all(left.path(), ignored);
  restore(0, root_);
}

}  // namespace sluice::host::cli
