#include "host/plugin/plugin_loader.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <system_error>
#include <utility>

#include "host/plugin/plugin_check.hpp"
#include "host/plugin/plugin_entry.hpp"
#include "host/plugin/refusal.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;

// What is asked before any of the plugin's code runs, in this order; the first refusal ends the file's way.
using Step = Status (*)(PluginCandidate&);
constexpr Step steps_before_load[] = {
    open_file, read_file,       read_elf,    read_note,    check_entry_symbol,
    check_abi, read_descriptor, check_needs, check_beside,
};

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, sizeof "2026-11-25T12:00:00Z"> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

// One file on its way: out of the cache, when it is known there, else through the steps and the scan.
class Loading {
 public:
  Loading(const fs::path& file, const LoadSettings& settings, EndpointRegistry& registry,
          SystemLibraries& libraries, const std::shared_ptr<const PluginGeneration>& current, uint32_t number)
      : settings_(settings), registry_(registry), current_(current), number_(number), plugin_(file) {
    plugin_.libraries = &libraries;
    outcome_.scanned_at = time_now();
  }

  LoadedFile run() {
    LoadedFile out;
    out.report.path = plugin_.path;
    const Status status = load(out);
    if (plugin_.file) out.identity = plugin_.file->identity();
    if (plugin_.descriptor) outcome_.plugin_id = plugin_.descriptor->id;
    out.report.plugin_id = outcome_.plugin_id;
    out.report.digest = outcome_.digest;
    out.report.scanned_at = outcome_.scanned_at;
    if (status) {
      out.report.outcome = PluginOutcome::loaded;
    } else {
      outcome_.code = out.report.code = status.error().code();
      outcome_.reason = out.report.reason = status.error().message();
      outcome_.hint = out.report.hint = status.error().hint();
      out.plugin.reset();
    }
    if (scanned_ && settings_.cache && out.identity)
      settings_.cache->keep(plugin_.path, *out.identity, outcome_);
    return out;
  }

 private:
  Status load(LoadedFile& out) {
    if (Status opened = open_file(plugin_); !opened) return opened;
    bool known = false;
    if (Status recalled = recall(known); !recalled) return recalled;
    if (!known) {
      scanned_ = true;
      if (Status read = read_all(); !read) return read;
    }
    if (Status allowed = check_allowed(); !allowed) return allowed;
    if (current_ && current_->digest == outcome_.digest) {
      out.plugin = current_;
      outcome_.note = *plugin_.note;
      outcome_.companions = plugin_.companions;
      return {};
    }
    // Asked here as well as at the end, so that code of a plugin that cannot be registered never runs.
    if (Status free = registry_.can_add(*plugin_.descriptor, plugin_.path, current_.get()); !free)
      return free;
    if (Status fits = known ? Status() : scan(); !fits) return fits;
    out.plugin = make_generation();
    if (!known && !settings_.scanner)
      if (Result<const sluice_plugin*> entry = out.plugin->entry(); !entry) return std::move(entry).error();
    outcome_.note = *plugin_.note;
    outcome_.companions = plugin_.companions;
    return registry_.add(out.plugin, current_.get());
  }

  // What the cache knows of the file in this state stands in for reading it.
  Status recall(bool& known) {
    if (!settings_.cache) return {};
    std::optional<ScanOutcome> kept = settings_.cache->find(plugin_.path, plugin_.file->identity());
    if (!kept) return {};
    if (kept->refused()) {
      outcome_ = *std::move(kept);
      return Error(ErrorClass::system, outcome_.code, outcome_.reason, plugin_.path.string(), outcome_.hint);
    }
    plugin_.note = kept->note;
    // What is kept is outside data as well.
    if (!check_abi(plugin_) || !read_descriptor(plugin_)) return {};
    known = true;
    plugin_.companions = kept->companions;
    outcome_.digest = std::move(kept->digest);
    outcome_.scanned_at = std::move(kept->scanned_at);
    return check_companions(plugin_.companions, plugin_.path);
  }

  // The copy is made of the bytes that were judged, and the digest of the copy.
  Status read_all() {
    Status judged;
    for (Step step : steps_before_load)
      if (judged = step(plugin_); !judged) break;
    if (judged) {
      Result<std::shared_ptr<const PluginImage>> copy = PluginImage::make(plugin_.bytes, plugin_.path);
      if (copy) {
        copy_ = *std::move(copy);
        outcome_.digest = copy_->digest();
      } else {
        judged = std::move(copy).error();
      }
    } else if (!plugin_.bytes.empty()) {
      outcome_.digest = sha256_of(plugin_.bytes);
    }
    plugin_.image.reset();
    plugin_.bytes = {};
    return judged;
  }

  Status check_allowed() const {
    const std::vector<std::string>& allowed = settings_.allowed;
    if (allowed.empty() || std::find(allowed.begin(), allowed.end(), outcome_.digest) != allowed.end())
      return {};
    return refuse(Refusal::not_allowed, plugin_.path, "sha256 " + outcome_.digest);
  }

  // In another process, where there is a scanner; else the generation itself is loaded and judged.
  Status scan() const {
    if (!settings_.scanner) return {};
    Result<ScannedEntry> entry = settings_.scanner->scan(*copy_, plugin_.path, plugin_.companions);
    if (!entry) return std::move(entry).error();
    return check_entry(*entry, *plugin_.note, *plugin_.descriptor, plugin_.path);
  }

  std::shared_ptr<const PluginGeneration> make_generation() const {
    PluginFacts facts;
    facts.path = plugin_.path;
    facts.note = *plugin_.note;
    facts.descriptor = *plugin_.descriptor;
    facts.digest = outcome_.digest;
    facts.number = number_;
    facts.scanned_at = outcome_.scanned_at;
    facts.companions = plugin_.companions;
    return std::make_shared<const PluginGeneration>(std::move(facts), copy_);
  }

  const LoadSettings& settings_;
  EndpointRegistry& registry_;
  const std::shared_ptr<const PluginGeneration>& current_;
  const uint32_t number_;
  PluginCandidate plugin_;
  std::shared_ptr<const PluginImage> copy_;  // null when the file was not read
  ScanOutcome outcome_;
  bool scanned_ = false;  // the outcome is new
};

}  // namespace

LoadedFile load_plugin(const fs::path& file, const LoadSettings& settings, EndpointRegistry& registry,
                       SystemLibraries& libraries, const std::shared_ptr<const PluginGeneration>& current,
                       uint32_t number) {
  return Loading(file, settings, registry, libraries, current, number).run();
}

fs::path full_path(const fs::path& path) {
  std::error_code failure;
  fs::path out = fs::absolute(path, failure);
  return failure ? path : out.lexically_normal();
}

PluginInspection inspect_plugin(const fs::path& file) {
  PluginCandidate plugin(full_path(file));
  PluginInspection out;
  out.path = plugin.path;
  for (Step step : steps_before_load)
    if (Status status = step(plugin); !status) {
      out.refusal = std::move(status).take_error();
      break;
    }
  if (plugin.image)
    for (std::string_view name : plugin.image->needed()) out.needed.emplace_back(name);
  out.size = plugin.bytes.size();
  if (!plugin.bytes.empty()) out.digest = sha256_of(plugin.bytes);
  out.needs = std::move(plugin.needs);
  out.note = std::move(plugin.note);
  out.descriptor = std::move(plugin.descriptor);
  return out;
}

}  // namespace sluice::host
