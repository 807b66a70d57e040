#include "host/config/config_file.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>

#include "host/config/nearest_name.hpp"
#include "host/config/quantity.hpp"
#include "host/config/yaml_tree.hpp"

namespace sluice::host {
namespace {

namespace json = boost::json;
using Kind = YamlNode::Kind;
using Names = std::vector<std::string_view>;

constexpr std::size_t max_file_size = 4u << 20;
constexpr std::size_t max_endpoint_id = 256;
constexpr std::size_t digest_length = 64;

// Walks the tree and fills the ConfigFile; every refusal names file, line and, for a wrong name, the nearest
// one.
class Reader {
 public:
  Reader(std::string name, ConfigFile& config) : name_(std::move(name)), config_(config) {}

  Status read(const YamlNode& root) {
    if (root.is_null()) return missing_version(root.line);
    if (Status status = expect_map(root, "the file"); !status) return status;
    // Looked at first: a file of another version may well have other keys.
    const YamlNode* version = root.find("version");
    if (!version) return missing_version(root.line);
    if (version->scalar != json::value(1))
      return invalid(version->line, "version: only version 1 is known", "write `version: 1`");
    for (const auto& [key, line, value] : root.members) {
      Status status;
      if (key == "plugins") {
        status = read_plugins(value);
      } else if (key == "staging") {
        status = read_staging(value);
      } else if (key == "endpoints") {
        status = read_endpoints(value);
      } else if (key != "version") {
        status = unknown(line, "", key, {"version", "plugins", "staging", "endpoints"});
      }
      if (!status) return status;
    }
    return {};
  }

 private:
  Error invalid(int line, std::string message, std::string hint = {}) const {
    std::string where = name_ + ":" + std::to_string(line);
    return Error(ErrorClass::config, "E_CONFIG_INVALID", where + ": " + std::move(message), where,
                 std::move(hint));
  }

  Error missing_version(int line) const {
    return invalid(line, "the key \"version\" is missing", "write `version: 1` at the top");
  }

  Error unknown(int line, std::string_view parent, std::string_view key, const Names& known) const {
    std::string message = "the key \"" + std::string(key) + "\" is unknown";
    message += parent.empty() ? " at the top level" : " in " + std::string(parent);
    std::string hint = did_you_mean(key, known);
    if (hint.empty()) {
      hint = "known keys:";
      for (std::string_view name : known) hint += (name == known.front() ? " " : ", ") + std::string(name);
    }
    return invalid(line, std::move(message), std::move(hint));
  }

  Error wrong_type(const YamlNode& node, std::string_view key, std::string_view wanted) const {
    return invalid(node.line,
                   std::string(key) + ": expected " + std::string(wanted) + ", got " +
                       (node.is_null() ? "nothing" : "a value of type " + std::string(node.type_name())));
  }

  Status expect_map(const YamlNode& node, std::string_view key) const {
    if (node.kind != Kind::map) return wrong_type(node, key, "an object (key: value)");
    return {};
  }

  Result<std::string> text(const YamlNode& node, std::string_view key) const {
    const auto* string = node.kind == Kind::scalar ? node.scalar.if_string() : nullptr;
    if (!string) return wrong_type(node, key, "a text");
    if (string->empty()) return invalid(node.line, std::string(key) + ": the text is empty");
    return std::string(*string);
  }

  Result<std::vector<std::string>> texts(const YamlNode& node, const std::string& key) const {
    std::vector<std::string> list;
    if (node.is_null()) return list;
    if (node.kind != Kind::sequence) return wrong_type(node, key, "a list of texts");
    for (const YamlNode& item : node.items) {
      auto entry = text(item, key + "[" + std::to_string(list.size()) + "]");
      if (!entry) return entry.error();
      list.push_back(std::move(*entry));
    }
    return list;
  }

  Status read_plugins(const YamlNode& node) {
    if (node.is_null()) return {};
    if (Status status = expect_map(node, "plugins"); !status) return status;
    for (const auto& [key, line, value] : node.members) {
      if (key != "path" && key != "allow" && key != "cache")
        return unknown(line, "plugins", key, {"path", "allow", "cache"});
      if (key == "cache") {
        auto folder = text(value, "plugins.cache");
        if (!folder) return folder.error();
        config_.plugin_cache = std::move(*folder);
        continue;
      }
      auto list = texts(value, "plugins." + key);
      if (!list) return list.error();
      if (key == "path") {
        config_.plugin_paths = std::move(*list);
        continue;
      }
      for (std::string& entry : *list) {
        auto digest = digest_of(entry);
        if (digest.empty())
          return invalid(value.line,
                         "plugins.allow: \"" + entry.substr(0, digest_length) + "\" is no sha256 digest",
                         "write the 64 hex digits that sha256sum prints");
        config_.plugin_digests.push_back(std::move(digest));
      }
    }
    return {};
  }

  // Lower case, without an optional `sha256:`; empty when it is no digest.
  static std::string digest_of(std::string_view text) {
    if (text.starts_with("sha256:")) text.remove_prefix(7);
    if (text.size() != digest_length) return {};
    std::string digest(text);
    for (char& c : digest) {
      if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
      if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return {};
    }
    return digest;
  }

  Status read_staging(const YamlNode& node) {
    if (node.is_null()) return {};
    if (Status status = expect_map(node, "staging"); !status) return status;
    for (const auto& [provider, line, settings] : node.members) {
      if (provider != "memory" && provider != "mmap")
        return unknown(line, "staging", provider, {"memory", "mmap"});
      if (settings.is_null()) continue;
      std::string parent = "staging." + provider;
      if (Status status = expect_map(settings, parent); !status) return status;
      for (const auto& [key, key_line, value] : settings.members) {
        Status status =
            provider == "memory" ? check_memory(key, key_line, value) : check_mmap(key, key_line, value);
        if (!status) return status;
      }
      config_.staging[provider] = settings.to_json();
    }
    return {};
  }

  Status check_memory(const std::string& key, int line, const YamlNode& value) const {
    if (key != "maxBytes") return unknown(line, "staging.memory", key, {"maxBytes"});
    auto size = size_from(value.to_json(), "staging.memory.maxBytes");
    if (!size) return invalid(value.line, size.error().message(), size.error().hint());
    if (*size == 0) return invalid(value.line, "staging.memory.maxBytes: must be more than 0");
    return {};
  }

  Status check_mmap(const std::string& key, int line, const YamlNode& value) const {
    if (key == "dir") {
      auto dir = text(value, "staging.mmap.dir");
      return dir ? Status() : Status(dir.error());
    }
    if (key != "minFree") return unknown(line, "staging.mmap", key, {"dir", "minFree"});
    auto size = size_from(value.to_json(), "staging.mmap.minFree");
    if (!size) return invalid(value.line, size.error().message(), size.error().hint());
    return {};
  }

  Status read_endpoints(const YamlNode& node) {
    if (node.is_null()) return {};
    if (Status status = expect_map(node, "endpoints"); !status) return status;
    for (const auto& [id, line, value] : node.members) {
      if (id.empty() || id.size() > max_endpoint_id)
        return invalid(line, "endpoints: an endpoint's name has 1 to 256 bytes");
      std::string parent = "endpoints." + id;
      if (Status status = expect_map(value, parent); !status) return status;
      EndpointConfig endpoint;
      endpoint.file = name_;
      endpoint.line = line;
      for (const auto& [key, key_line, setting] : value.members) {
        if (key == "template") {
          auto template_id = text(setting, parent + ".template");
          if (!template_id) return template_id.error();
          endpoint.template_id = std::move(*template_id);
        } else if (key != "config") {
          return unknown(key_line, parent, key, {"template", "config"});
        } else if (!setting.is_null()) {
          if (Status status = expect_map(setting, parent + ".config"); !status) return status;
          endpoint.config = setting.to_json().as_object();
        }
      }
      if (endpoint.template_id.empty())
        return invalid(line, parent + ": the key \"template\" is missing",
                       "write `template: ` and a name that `sluice endpoints list` shows");
      config_.endpoints.emplace(id, std::move(endpoint));
    }
    return {};
  }

  std::string name_;
  ConfigFile& config_;
};

Error unreadable(const std::filesystem::path& path, const std::string& reason) {
  return Error(ErrorClass::system, "E_CONFIG_UNREADABLE",
               "the configuration file " + path.string() + " cannot be read: " + reason, path.string(),
               "check that it is a file and that you may read it");
}

Result<ConfigFile> read_file(const std::filesystem::path& path) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) return unreadable(path, "it is a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(path, errno ? std::strerror(errno) : "it does not open");
  std::string text(max_file_size + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return unreadable(path, "reading failed");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > max_file_size)
    return Error(ErrorClass::config, "E_CONFIG_INVALID", path.string() + ": the file is larger than 4 MiB",
                 path.string());
  return parse_config(text, path);
}

}  // namespace

ConfigLookup standard_lookup(std::filesystem::path flag) {
  ConfigLookup lookup{std::move(flag), {}, {"sluice.yaml", "/etc/sluice/sluice.yaml"}};
  if (const char* environment = std::getenv("SLUICE_CONFIG")) lookup.environment = environment;
  return lookup;
}

Result<ConfigFile> load_config(const ConfigLookup& lookup) {
  std::error_code failure;
  for (bool by_flag : {true, false}) {
    const auto& path = by_flag ? lookup.flag : lookup.environment;
    if (path.empty()) continue;
    auto status = std::filesystem::status(path, failure);
    if (status.type() == std::filesystem::file_type::not_found) {
      return Error(ErrorClass::system, "E_CONFIG_MISSING",
                   "the configuration file " + path.string() + " does not exist", path.string(),
                   by_flag ? "it was named by --config" : "it was named by $SLUICE_CONFIG");
    }
    return read_file(path);
  }
  for (const auto& path : lookup.defaults) {
    auto status = std::filesystem::status(path, failure);
    // Any other doubt, such as a folder that may not be entered, is for read_file to report.
    if (status.type() != std::filesystem::file_type::not_found) return read_file(path);
  }
  ConfigFile none;
  none.base_dir = std::filesystem::current_path(failure);
  return none;
}

Result<ConfigFile> parse_config(std::string_view text, const std::filesystem::path& path) {
  auto tree = parse_yaml(text, path.string());
  if (!tree) return tree.error();
  ConfigFile config;
  config.path = path;
  std::error_code failure;
  config.base_dir = std::filesystem::absolute(path, failure).parent_path();
  Reader reader(path.string(), config);
  if (Status status = reader.read(*tree); !status) return std::move(status).take_error();
  return config;
}

}  // namespace sluice::host
