// What became of one file (or folder) that was looked at for plugins: every one ends as loaded or refused.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace sluice::host {

enum class PluginOutcome : uint8_t { loaded, refused };

constexpr std::string_view to_string(PluginOutcome outcome) {
  return outcome == PluginOutcome::loaded ? "loaded" : "refused";
}

// code, reason and hint are empty when the plugin is loaded;
// plugin_id is empty when it never came to be known.
struct PluginReport {
  std::filesystem::path path;
  PluginOutcome outcome = PluginOutcome::refused;
  std::string code;
  std::string reason;
  std::string hint;
  std::string plugin_id;
  std::string digest = {};      // empty when the file could not be read
  std::string scanned_at = {};  // RFC 3339
};

}  // namespace sluice::host
