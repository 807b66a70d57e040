#include "host/plugin/plugin_folders.hpp"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "host/config/nearest_name.hpp"
#include "host/plugin/plugin_file.hpp"
#include "host/plugin/refusal.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;

constexpr size_t max_files_in_folder = 10000;

PluginReport refused(const fs::path& path, const Error& error) {
  return {path, PluginOutcome::refused, error.code(), error.message(), error.hint(), {}};
}

bool is_refused(const PluginReport& report) {
  return report.outcome == PluginOutcome::refused;
}

// Absolute, each once, in the order given.
std::vector<fs::path> distinct(const std::vector<fs::path>& folders) {
  std::vector<fs::path> out;
  std::set<fs::path> seen;
  for (const fs::path& folder : folders) {
    std::error_code failure;
    fs::path same = fs::canonical(folder, failure);
    if (seen.insert(failure ? full_path(folder) : same).second) out.push_back(full_path(folder));
  }
  return out;
}

// Absolute paths of what ends in .so, sorted. Whatever it is: the pipeline refuses what is no regular file.
Result<std::vector<fs::path>> list_folder(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    if (!at->path().native().ends_with(".so")) continue;
    if (files.size() == max_files_in_folder)
      return refuse(Refusal::folder, folder,
                    "it holds more than " + std::to_string(max_files_in_folder) + " plugins");
    files.push_back(at->path());
  }
  if (failure) return refuse(Refusal::folder, folder, failure.message());
  std::sort(files.begin(), files.end());
  return files;
}

bool is_absent(const fs::path& folder) {
  std::error_code failure;
  return fs::status(folder, failure).type() == fs::file_type::not_found;
}

}  // namespace

// One look at all folders. Lives on the stack, under the lock of PluginFolders.
class PluginFolders::Look {
 public:
  explicit Look(PluginFolders& of) : of_(of) {}

  PluginChanges run() {
    for (const fs::path& folder : of_.folders_) list(folder);
    // First what is gone: its templates may have gone to another file.
    retire_absent();
    for (Item& item : items_) take(item);
    // A template that was taken when its file's turn came may be free by now, and so the next one's.
    for (size_t before = 0; changes_.replaced.size() > before;) {
      before = changes_.replaced.size();
      for (Item& item : items_)
        if (item.report.code == kind_of(Refusal::duplicate_template).code) take(item);
    }
    for (const Item& item : items_) finish(item);
    of_.refused_folders_ = std::move(refused_folders_);
    return std::move(changes_);
  }

 private:
  struct Item {
    fs::path path;
    bool is_file = true;
    std::optional<Error> refusal;  // of its folder
    PluginReport report = {};
  };

  void list(const fs::path& folder) {
    const Status trusted = check_folder(folder);
    Result<std::vector<fs::path>> files = list_folder(folder);
    std::optional<Error> refusal;
    if (!trusted) refusal = trusted.error();
    if (!trusted || !files) {
      items_.push_back({folder, false, trusted ? files.error() : trusted.error()});
      refused_folders_.insert(folder);
    }
    if (files) {
      for (fs::path& file : *files) add_file(std::move(file), refusal);
    } else if (!is_absent(folder)) {
      // It is there and cannot be looked into: what was in it may well be there still.
      unseen_.insert(folder);
    }
  }

  void add_file(fs::path file, const std::optional<Error>& refusal) {
    present_.insert(file);
    items_.push_back({std::move(file), true, refusal});
  }

  void retire_absent() {
    for (auto at = of_.files_.begin(); at != of_.files_.end();) {
      auto& [path, known] = *at;
      const bool gone = !present_.contains(path) && !unseen_.contains(path.parent_path());
      if (gone && known.current) {
        of_.registry_.retire(*known.current);
        changes_.removed.push_back(std::exchange(known.current, nullptr));
      }
      if (gone) of_.registry_.forget(path);
      // Its number goes on when a file of that name comes again.
      if (gone) known.identity.reset(), known.report = {}, known.present = false;
      at = gone && known.last_number == 0 ? of_.files_.erase(at) : std::next(at);
    }
    for (const fs::path& folder : of_.refused_folders_)
      if (!refused_folders_.contains(folder)) of_.registry_.forget(folder);
  }

  void take(Item& item) {
    if (item.refusal) {
      item.report = refused(item.path, *item.refusal);
      if (item.is_file) of_.files_[item.path].identity.reset();
      return;
    }
    Known& known = of_.files_[item.path];
    if (known.identity && is_as_known(known, item)) return;
    LoadedFile loaded = load_plugin(item.path, of_.settings_, of_.registry_, libraries_, known.current,
                                    known.last_number + 1);
    item.report = std::move(loaded.report);
    const bool lasting = loaded.plugin || is_lasting_refusal(item.report.code);
    known.identity = lasting ? loaded.identity : std::nullopt;
    if (!loaded.plugin || loaded.plugin == known.current) return;
    (known.current ? changes_.replaced : changes_.added).push_back(loaded.plugin);
    known.current = std::move(loaded.plugin);
    known.last_number = known.current->number;
  }

  // Opened all the same: it may no longer be trusted.
  bool is_as_known(const Known& known, Item& item) const {
    const Result<PluginFile> file = PluginFile::open(item.path);
    if (!file || file->identity() != *known.identity) return false;
    item.report = known.report;
    return true;
  }

  void finish(const Item& item) {
    if (is_refused(item.report) && !was_refused_so(item)) changes_.refused.push_back(item.report);
    if (item.is_file) of_.files_[item.path].report = item.report, of_.files_[item.path].present = true;
    of_.registry_.record(item.report);
    changes_.reports.push_back(item.report);
  }

  bool was_refused_so(const Item& item) const {
    if (!item.is_file) return of_.refused_folders_.contains(item.path);
    const PluginReport& before = of_.files_[item.path].report;
    return before.code == item.report.code && before.reason == item.report.reason;
  }

  PluginFolders& of_;
  SystemLibraries libraries_;
  std::vector<Item> items_;
  std::set<fs::path> present_, unseen_, refused_folders_;
  PluginChanges changes_;
};

PluginFolders::PluginFolders(std::vector<fs::path> folders, EndpointRegistry& registry, LoadSettings settings)
    : folders_(distinct(folders)), registry_(registry), settings_(std::move(settings)) {}

PluginChanges PluginFolders::rescan() {
  std::lock_guard lock(mutex_);
  return Look(*this).run();
}

std::vector<fs::path> PluginFolders::files_named_locked(std::string_view file) const {
  std::vector<fs::path> named;
  for (const auto& [path, known] : files_)
    if (known.present && (file.empty() || path == full_path(fs::path(file)) || path.filename() == file ||
                          known.report.plugin_id == file))
      named.push_back(path);
  return named;
}

Result<PluginChanges> PluginFolders::retry(std::string_view file) {
  std::lock_guard lock(mutex_);
  const std::vector<fs::path> named = files_named_locked(file);
  if (named.empty() && !file.empty()) {
    std::vector<std::string> names;
    for (const auto& [path, known] : files_)
      if (known.present) names.push_back(path.filename());
    std::string hint = did_you_mean(file, names_of(names));
    if (hint.empty()) hint = "list the plugins to see which files there are";
    return Error(ErrorClass::config, "E_PLUGIN_UNKNOWN",
                 "no plugin folder has a file \"" + std::string(file) + "\"", std::string(file),
                 std::move(hint));
  }
  for (const fs::path& path : named) {
    Known& known = files_[path];
    if (!is_refused(known.report)) continue;
    known.identity.reset();
    known.report = {};
    if (settings_.cache) settings_.cache->forget_refusal(path);
  }
  return Look(*this).run();
}

void PluginFolders::make_copies() {
  std::vector<std::shared_ptr<const PluginGeneration>> active;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [path, known] : files_)
      if (known.current) active.push_back(known.current);
  }
  for (const auto& plugin : active) (void)plugin->image();
}

std::vector<PluginReport> load_plugin_folders(std::span<const fs::path> folders, EndpointRegistry& registry,
                                              const LoadSettings& settings) {
  return PluginFolders({folders.begin(), folders.end()}, registry, settings).rescan().reports;
}

PluginReport load_plugin_file(const fs::path& file, EndpointRegistry& registry,
                              const LoadSettings& settings) {
  const fs::path path = full_path(file);
  PluginReport report;
  if (Status trusted = check_folder(path.parent_path()); trusted) {
    SystemLibraries libraries;
    report = load_plugin(path, settings, registry, libraries, nullptr, 1).report;
  } else {
    report = refused(path, trusted.error());
  }
  registry.record(report);
  return report;
}

}  // namespace sluice::host
