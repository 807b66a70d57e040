#include "host/plugin/scan_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "host/plugin/refusal.hpp"
#include "host/plugin/scan_cache_json.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr int format = 1;
constexpr uint64_t max_file_bytes = uint64_t{64} << 20;
constexpr size_t max_entries = 20'000;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool close() { return fd_ < 0 || ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

// Nobody but the host's user, or his group when he allows it, can write there.
bool is_ours(const struct stat& status) {
  return status.st_uid == ::geteuid() && !(status.st_mode & S_IWOTH);
}

bool is_our_folder(const fs::path& folder) {
  struct stat status {};
  return ::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && is_ours(status);
}

std::optional<std::string> read_text(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || !is_ours(status) ||
      static_cast<uint64_t>(status.st_size) > max_file_bytes)
    return std::nullopt;
  std::string text(static_cast<size_t>(status.st_size), '\0');
  size_t got = 0;
  while (got < text.size()) {
    const ssize_t more = ::read(file.get(), text.data() + got, text.size() - got);
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) return std::nullopt;
    got += static_cast<size_t>(more);
  }
  return text;
}

bool write_text(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

Error not_kept(const fs::path& at, std::string_view reason) {
  return Error(ErrorClass::system, "E_PLUGIN_CACHE",
               "what the scan of plugins found cannot be kept in " + at.string() + ": " + std::string(reason),
               at.string(), "name a folder of the host's user with plugins.cache");
}

}  // namespace

bool is_lasting_refusal(std::string_view code) {
  constexpr std::array passing{Refusal::folder,          Refusal::folder_permissions,
                               Refusal::not_regular,     Refusal::unreadable,
                               Refusal::permissions,     Refusal::duplicate_template,
                               Refusal::library_missing, Refusal::symbol_missing,
                               Refusal::library_version, Refusal::load_failed,
                               Refusal::copy_failed,     Refusal::not_allowed,
                               Refusal::scan_failed,     Refusal::changed};
  return std::none_of(passing.begin(), passing.end(),
                      [&](Refusal refusal) { return kind_of(refusal).code == code; });
}

ScanCache::ScanCache(fs::path folder, std::string host_version)
    : folder_(std::move(folder)), host_version_(std::move(host_version)), entries_(read()) {}

std::optional<ScanOutcome> ScanCache::find(const fs::path& path, const FileIdentity& identity) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(path);
  if (found == entries_.end() || found->second.identity != identity) return std::nullopt;
  return found->second.outcome;
}

void ScanCache::keep(const fs::path& path, const FileIdentity& identity, ScanOutcome outcome) {
  std::lock_guard lock(mutex_);
  if (outcome.refused() && !is_lasting_refusal(outcome.code)) {
    if (entries_.erase(path) > 0) changed_[path] = false;
    return;
  }
  entries_.insert_or_assign(path, Entry{identity, std::move(outcome)});
  changed_[path] = true;
}

void ScanCache::forget_refusal(const fs::path& path) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(path);
  if (found == entries_.end() || !found->second.outcome.refused()) return;
  entries_.erase(found);
  changed_[path] = false;
}

ScanCache::Entries ScanCache::read() const {
  Entries entries;
  if (!is_our_folder(folder_)) return entries;
  const std::optional<std::string> text = read_text(file());
  if (!text) return entries;
  boost::system::error_code failure;
  json::parse_options any_names;
  any_names.allow_invalid_utf8 = true;
  const json::value root = json::parse(*text, failure, {}, any_names);
  const json::object* top = failure ? nullptr : root.if_object();
  const json::value* files = top ? top->if_contains("files") : nullptr;
  const json::value* version = top ? top->if_contains("host") : nullptr;
  const json::value* written_as = top ? top->if_contains("format") : nullptr;
  if (!files || !files->is_array() || !version || *version != json::value(host_version_) || !written_as ||
      *written_as != json::value(format))
    return entries;
  for (const json::value& item : files->get_array()) {
    const json::object* entry = item.if_object();
    const json::value* path = entry ? entry->if_contains("path") : nullptr;
    const json::value* state = entry ? entry->if_contains("state") : nullptr;
    const auto identity = state ? identity_from(*state) : std::nullopt;
    auto outcome = outcome_from(item);
    if (path && path->is_string() && identity && outcome)
      entries.insert_or_assign(fs::path(std::string(path->get_string())),
                               Entry{*identity, *std::move(outcome)});
  }
  return entries;
}

Status ScanCache::save() {
  std::lock_guard lock(mutex_);
  if (changed_.empty()) return {};
  Entries merged = read();
  for (const auto& [path, kept] : changed_) {
    if (kept)
      merged.insert_or_assign(path, entries_.at(path));
    else
      merged.erase(path);
  }
  // What no longer exists would stay for ever.
  std::error_code ignored;
  std::erase_if(merged, [&](const auto& entry) { return !fs::exists(entry.first, ignored); });
  while (merged.size() > max_entries) merged.erase(merged.begin());
  Status written = write(merged);
  if (written) changed_.clear();
  return written;
}

Status ScanCache::write(const Entries& entries) const {
  const auto words = [] { return std::generic_category().message(errno); };
  std::error_code failure;
  fs::create_directories(folder_.parent_path(), failure);
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return not_kept(folder_, words());
  if (!is_our_folder(folder_))
    return not_kept(folder_, "it is no folder of the host's user that others may not write to");

  json::array files;
  for (const auto& [path, entry] : entries) {
    json::object item = to_json(entry.outcome);
    item["path"] = path.native();
    item["state"] = to_json(entry.identity);
    files.push_back(std::move(item));
  }
  const std::string text =
      json::serialize(json::object{{"format", format}, {"host", host_version_}, {"files", std::move(files)}});

  std::string name = (folder_ / "plugins.json.XXXXXX").string();
  Descriptor out(::mkostemp(name.data(), O_CLOEXEC));  // 0600
  if (out.get() < 0) return not_kept(folder_, words());
  // Not synced: what is lost is scanned again, and what is torn is malformed.
  if (write_text(out.get(), text) && out.close() && ::rename(name.c_str(), file().c_str()) == 0) return {};
  Error why = not_kept(folder_, words());
  ::unlink(name.c_str());
  return why;
}

fs::path ScanCache::default_folder() {
  if (::geteuid() == 0) return "/var/cache/sluice";
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache && *cache == '/') return fs::path(cache) / "sluice";
  const char* home = std::getenv("HOME");
  if (home && *home == '/') return fs::path(home) / ".cache" / "sluice";
  return "/var/tmp/sluice-" + std::to_string(::geteuid()) + "/cache";
}

}  // namespace sluice::host
