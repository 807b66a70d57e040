#include "host/api/plugin_inspection.hpp"

#include "host/api/descriptor_json.hpp"
#include "host/config/schema_check.hpp"
#include "host/config/schema_values.hpp"
#include "host/log/printable.hpp"
#include "host/plugin/plugin_loader.hpp"

namespace sluice::host {
namespace {

// Names in a file may be any bytes.
boost::json::array names(const std::vector<std::string>& list) {
  boost::json::array out;
  for (const std::string& name : list) out.emplace_back(valid_utf8(name));
  return out;
}

boost::json::array libraries_of(const PluginNeeds& needs) {
  boost::json::array out;
  for (const NeededLibrary& library : needs.libraries) {
    boost::json::object entry{{"name", valid_utf8(library.name)}, {"path", nullptr}, {"neededBy", nullptr}};
    if (!library.path.empty()) entry["path"] = valid_utf8(library.path.native());
    if (!library.needed_by.empty()) entry["neededBy"] = valid_utf8(library.needed_by);
    std::vector<std::string> missing;
    for (const MissingVersion& each : library.missing_versions) missing.push_back(each.version);
    entry["missingVersions"] = names(missing);
    out.push_back(std::move(entry));
  }
  return out;
}

void add_needs(boost::json::object& out, const PluginNeeds& needs) {
  out["libraries"] = libraries_of(needs);
  out["missingSymbols"] = names(needs.missing_symbols);
  if (!needs.libc_floor.empty()) out["libcFloor"] = valid_utf8(needs.libc_floor);
  if (!needs.libc_here.empty()) out["libcHere"] = needs.libc_here;
}

boost::json::object with_secrets(const TemplateDescriptor& of) {
  boost::json::object out = describe(of);
  // A schema that is none marks nothing that could be relied on.
  if (Result<ConfigSchema> schema = ConfigSchema::compile(of.config_schema, of.id))
    out["secrets"] = texts(secret_paths(schema->json()));
  return out;
}

}  // namespace

boost::json::object inspection(const std::filesystem::path& file) {
  const PluginInspection found = inspect_plugin(file);
  boost::json::object out{{"path", found.path.string()},
                          {"outcome", found.refusal ? "refused" : "loadable"},
                          {"summary", "can be loaded"}};
  if (found.refusal) {
    const std::string reason = valid_utf8(found.refusal->message());
    out["summary"] = "would be refused: " + reason;
    out["code"] = found.refusal->code();
    out["reason"] = reason;
    out["hint"] = found.refusal->hint();
  }
  if (found.size > 0) out["size"] = found.size;
  if (!found.digest.empty()) out["digest"] = found.digest;
  if (found.note) out["abi"] = {{"oldest", found.note->abi_oldest}, {"newest", found.note->abi_version}};
  if (found.descriptor) {
    for (auto& member : describe(*found.descriptor)) out.insert(member);
    boost::json::array templates;
    for (const TemplateDescriptor& of : found.descriptor->templates) templates.push_back(with_secrets(of));
    out["templates"] = std::move(templates);
  }
  out["needed"] = names(found.needed);
  if (found.needs) add_needs(out, *found.needs);
  return out;
}

}  // namespace sluice::host
