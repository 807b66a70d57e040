// The configuration file: where it is looked for, and what it says.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/result.hpp"

namespace sluice::host {

// A template plus its configuration, as written: references are not resolved, and nothing is checked yet
// against the template's schema.
struct EndpointConfig {
  std::string template_id;
  boost::json::object config;
  std::string file;  // where it is defined, for errors
  int line = 0;
};

struct ConfigFile {
  std::filesystem::path path;      // empty when there is no file
  std::filesystem::path base_dir;  // the file's folder, absolute: what relative paths in the file start from
  std::vector<std::string> plugin_paths;  // as written
  std::string plugin_cache;               // folder of what scans found, as written; empty: the usual one
  std::vector<std::string>
      plugin_digests;           // sha256, 64 lower-case hex digits; empty means any plugin may load
  boost::json::object staging;  // settings (an object) by provider id; maxBytes is a valid size
  std::map<std::string, EndpointConfig> endpoints;
};

// Where to look, in this order; an empty path is passed over. The first two are asked for by name, so it is
// an error when they do not exist; of `defaults` the first that exists is taken.
struct ConfigLookup {
  std::filesystem::path flag;
  std::filesystem::path environment;
  std::vector<std::filesystem::path> defaults;
};

// --config's value (or empty), $SLUICE_CONFIG, ./sluice.yaml, /etc/sluice/sluice.yaml.
ConfigLookup standard_lookup(std::filesystem::path flag);

// The file that the lookup finds, or an empty configuration when none is there. Errors: E_CONFIG_MISSING and
// E_CONFIG_UNREADABLE (class system); otherwise those of parse_config.
Result<ConfigFile> load_config(const ConfigLookup& lookup);

// Reads text as a configuration file that lies at `path`. Errors, class config, at path:line: E_CONFIG_SYNTAX
// as parse_yaml gives it, and E_CONFIG_INVALID for a key unknown, missing, or of the wrong type. The first
// problem ends it.
Result<ConfigFile> parse_config(std::string_view text, const std::filesystem::path& path);

}  // namespace sluice::host
