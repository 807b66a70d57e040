#include "host/plugin/descriptor.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <initializer_list>
#include <set>

#include "sluice/abi/plugin.h"

namespace sluice::host {
namespace {

namespace json = boost::json;

constexpr size_t max_depth = 64;
constexpr size_t max_templates = 1024;

// A step of the walk failed: thrown and caught inside this file only.
struct Wrong {
  std::string detail;
};

[[noreturn]] void wrong(const std::string& pointer, std::string_view what) {
  throw Wrong{(pointer.empty() ? "the text" : pointer) + " " + std::string(what)};
}

const json::object& object_at(const json::object& in, const std::string& pointer, std::string_view key) {
  const json::value* value = in.if_contains(key);
  if (!value || !value->is_object()) wrong(pointer + "/" + std::string(key), "must be an object");
  return value->get_object();
}

std::string optional_text(const json::object& in, const std::string& pointer, std::string_view key) {
  const json::value* value = in.if_contains(key);
  if (!value || value->is_null()) return {};
  if (!value->is_string()) wrong(pointer + "/" + std::string(key), "must be a string");
  return std::string(value->get_string());
}

std::string id_at(const json::object& in, const std::string& pointer) {
  std::string id = optional_text(in, pointer, "id");
  if (!is_valid_id(id))
    wrong(pointer + "/id",
          "must be 1 to 64 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter or digit");
  return id;
}

std::vector<std::string> texts_at(const json::object& in, const std::string& pointer, std::string_view key) {
  std::vector<std::string> texts;
  const json::value* value = in.if_contains(key);
  if (!value || value->is_null()) return texts;
  std::string place = pointer + "/" + std::string(key);
  if (!value->is_array()) wrong(place, "must be an array of strings");
  std::set<std::string_view> seen;
  for (const json::value& item : value->get_array()) {
    if (!item.is_string()) wrong(place, "must be an array of strings");
    std::string_view text = item.get_string();
    if (!seen.insert(text).second) wrong(place, "has " + std::string(text) + " twice");
    texts.emplace_back(text);
  }
  return texts;
}

std::string listed(std::initializer_list<std::string_view> known) {
  std::string out;
  for (std::string_view name : known) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

std::vector<std::string> some_of(const json::object& in, const std::string& pointer, std::string_view key,
                                 std::initializer_list<std::string_view> known) {
  std::vector<std::string> texts = texts_at(in, pointer, key);
  std::string place = pointer + "/" + std::string(key);
  if (texts.empty()) wrong(place, "must name at least one of " + listed(known));
  for (const std::string& text : texts)
    if (std::find(known.begin(), known.end(), text) == known.end())
      wrong(place, "has the unknown \"" + text + "\"; known are " + listed(known));
  return texts;
}

std::string one_of(const json::object& in, const std::string& pointer, std::string_view key,
                   std::initializer_list<std::string_view> known) {
  std::string text = optional_text(in, pointer, key);
  if (std::find(known.begin(), known.end(), text) == known.end())
    wrong(pointer + "/" + std::string(key), "must be one of " + listed(known));
  return text;
}

SourceDescriptor read_source(const json::object& in, const std::string& pointer) {
  SourceDescriptor source;
  source.formats = some_of(in, pointer, "formats", {"documents", "tables"});
  source.modes = some_of(in, pointer, "modes", {"FULL", "INCREMENTAL"});
  if (const json::value* slices = in.if_contains("slices")) {
    if (!slices->is_bool()) wrong(pointer + "/slices", "must be true or false");
    source.slices = slices->get_bool();
  }
  source.content_types = texts_at(in, pointer, "contentTypes");
  return source;
}

SinkDescriptor read_sink(const json::object& in, const std::string& pointer) {
  SinkDescriptor sink;
  sink.formats = some_of(in, pointer, "formats", {"documents", "tables"});
  sink.delivery = one_of(in, pointer, "delivery", {"transactional", "idempotent", "append", "none"});
  sink.slices = one_of(in, pointer, "slices", {"parallel", "ordered", "any"});
  sink.content_types = texts_at(in, pointer, "contentTypes");
  return sink;
}

TemplateDescriptor read_template(const json::value& value, const std::string& pointer) {
  if (!value.is_object()) wrong(pointer, "must be an object");
  const json::object& in = value.get_object();
  TemplateDescriptor out;
  out.id = id_at(in, pointer);
  out.title = optional_text(in, pointer, "title");
  out.description = optional_text(in, pointer, "description");
  out.roles = some_of(in, pointer, "roles", {"source", "sink", "staging"});
  if (out.has_role("source")) out.source = read_source(object_at(in, pointer, "source"), pointer + "/source");
  if (out.has_role("sink")) out.sink = read_sink(object_at(in, pointer, "sink"), pointer + "/sink");
  out.staging = out.has_role("staging");
  out.config_schema = object_at(in, pointer, "configSchema");
  return out;
}

PluginDescriptor read_descriptor(const json::value& value) {
  if (!value.is_object()) wrong({}, "must be an object");
  const json::object& in = value.get_object();
  const json::object& plugin = object_at(in, {}, "plugin");
  PluginDescriptor out;
  out.id = id_at(plugin, "/plugin");
  out.version = optional_text(plugin, "/plugin", "version");
  if (out.version.empty()) wrong("/plugin/version", "must be a string that is not empty");
  out.vendor = optional_text(plugin, "/plugin", "vendor");
  out.license = optional_text(plugin, "/plugin", "license");
  out.description = optional_text(plugin, "/plugin", "description");

  const json::value* templates = in.if_contains("templates");
  if (!templates || !templates->is_array() || templates->get_array().empty())
    wrong("/templates", "must be an array of at least one template");
  if (templates->get_array().size() > max_templates)
    wrong("/templates", "has more than " + std::to_string(max_templates) + " templates");
  std::set<std::string> ids;
  for (const json::value& item : templates->get_array()) {
    std::string pointer = "/templates/" + std::to_string(out.templates.size());
    out.templates.push_back(read_template(item, pointer));
    if (!ids.insert(out.templates.back().id).second)
      wrong(pointer + "/id", "repeats the template id " + out.templates.back().id);
  }
  return out;
}

}  // namespace

bool TemplateDescriptor::has_role(std::string_view role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

bool is_valid_id(std::string_view text) {
  auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 64 && plain(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
}

Result<PluginDescriptor> parse_descriptor(std::string_view text, const std::filesystem::path& file) {
  if (text.size() > SLUICE_DESCRIPTOR_MAX_BYTES)
    return refuse(Refusal::descriptor, file,
                  "it is longer than " + std::to_string(SLUICE_DESCRIPTOR_MAX_BYTES) + " bytes");
  json::parse_options options;
  options.max_depth = max_depth;
  boost::system::error_code failure;
  json::value value = json::parse(text, failure, {}, options);
  if (failure) return refuse(Refusal::descriptor, file, "it is not JSON: " + failure.message());
  try {
    return read_descriptor(value);
  } catch (const Wrong& problem) {
    return refuse(Refusal::descriptor, file, problem.detail);
  }
}

}  // namespace sluice::host
