// What a plugin says about itself and its endpoint templates, parsed from the descriptor JSON and validated.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/refusal.hpp"
#include "host/result.hpp"

namespace sluice::host {

// Formats are "documents" and "tables"; both lists are non-empty, without repetition.
struct SourceDescriptor {
  std::vector<std::string> formats;
  std::vector<std::string> modes;  // FULL, INCREMENTAL
  bool slices = false;
  std::vector<std::string> content_types;
};

struct SinkDescriptor {
  std::vector<std::string> formats;
  std::string delivery;  // transactional, idempotent, append, none
  std::string slices;    // parallel, ordered, any
  std::vector<std::string> content_types;
};

// A role is present when the template has it.
struct TemplateDescriptor {
  std::string id, title, description;
  std::vector<std::string> roles;  // source, sink, staging; as the plugin lists them
  std::optional<SourceDescriptor> source;
  std::optional<SinkDescriptor> sink;
  bool staging = false;
  boost::json::object config_schema;

  bool has_role(std::string_view role) const;
};

struct PluginDescriptor {
  std::string id, version, vendor, license, description;
  std::vector<TemplateDescriptor> templates;  // at least one, ids differ
};

// [a-z0-9][a-z0-9._-]{0,63}
bool is_valid_id(std::string_view text);

// Fails with the refusal `descriptor`, naming the JSON pointer of what is wrong. Unknown keys are allowed:
// they come from newer SDKs. `file` only names the file in errors.
Result<PluginDescriptor> parse_descriptor(std::string_view text, const std::filesystem::path& file);

}  // namespace sluice::host
