// plugins, inspect_plugin, endpoints, describe_template: what is there, without opening any of it.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "host/api/host_parts.hpp"
#include "host/config/nearest_name.hpp"
#include "host/config/schema_values.hpp"
#include "host/plugin/plugin_loader.hpp"

namespace sluice::host {

namespace {

boost::json::array texts(const std::vector<std::string>& list) {
  boost::json::array array;
  for (const std::string& text : list) array.emplace_back(text);
  return array;
}

boost::json::object describe(const TemplateDescriptor& descriptor) {
  boost::json::object out{{"id", descriptor.id},
                          {"title", descriptor.title},
                          {"description", descriptor.description},
                          {"roles", texts(descriptor.roles)}};
  if (const auto& source = descriptor.source)
    out["source"] = {{"formats", texts(source->formats)},
                     {"modes", texts(source->modes)},
                     {"slices", source->slices},
                     {"contentTypes", texts(source->content_types)}};
  if (const auto& sink = descriptor.sink)
    out["sink"] = {{"formats", texts(sink->formats)},
                   {"delivery", sink->delivery},
                   {"slices", sink->slices},
                   {"contentTypes", texts(sink->content_types)}};
  out["configSchema"] = descriptor.config_schema;
  return out;
}

boost::json::object describe(const PluginDescriptor& plugin) {
  boost::json::array templates;
  for (const TemplateDescriptor& of : plugin.templates) templates.emplace_back(of.id);
  return {
      {"id", plugin.id},           {"version", plugin.version},         {"vendor", plugin.vendor},
      {"license", plugin.license}, {"description", plugin.description}, {"templates", std::move(templates)}};
}

boost::json::object abi_of(const PluginNote& note) {
  return {{"oldest", note.abi_oldest}, {"newest", note.abi_version}};
}

boost::json::object inspection(const std::filesystem::path& file) {
  const PluginInspection found = inspect_plugin(file);
  boost::json::object out{{"path", found.path.string()}, {"outcome", found.refusal ? "refused" : "loadable"}};
  if (found.note) out["abi"] = abi_of(*found.note);
  if (found.descriptor) {
    for (auto& member : describe(*found.descriptor)) out.insert(member);
    boost::json::array templates;
    for (const TemplateDescriptor& of : found.descriptor->templates) templates.push_back(describe(of));
    out["templates"] = std::move(templates);
  }
  out["needed"] = texts(found.needed);
  if (found.refusal) {
    out["code"] = found.refusal->code();
    out["reason"] = found.refusal->message();
    out["hint"] = found.refusal->hint();
  }
  return out;
}

}  // namespace

Reply Host::plugins() const {
  return guarded([&]() -> Reply {
    std::map<std::string, const EndpointTemplate*> by_path;
    const std::vector<EndpointTemplatePtr> templates = parts_->catalog.registry.list();
    for (const EndpointTemplatePtr& of : templates) by_path.emplace(of->plugin->path.string(), of.get());
    boost::json::array list;
    for (const PluginReport& report : parts_->catalog.registry.reports()) {
      boost::json::object entry{{"path", report.path.string()}, {"outcome", to_string(report.outcome)}};
      if (auto found = by_path.find(report.path.string()); found != by_path.end()) {
        for (auto& member : describe(found->second->plugin->descriptor)) entry.insert(member);
        entry["abi"] = {{"oldest", found->second->plugin->entry->abi_oldest},
                        {"newest", found->second->plugin->entry->abi_version}};
      } else {
        entry["id"] = report.plugin_id;
        entry["code"] = report.code;
        entry["reason"] = report.reason;
        entry["hint"] = report.hint;
      }
      list.push_back(std::move(entry));
    }
    boost::json::array folders;
    for (const auto& folder : parts_->plugin_folders) folders.emplace_back(folder.string());
    return reply({{"folders", std::move(folders)}, {"plugins", std::move(list)}});
  });
}

Reply Host::inspect_plugin(std::string_view file_or_id) const {
  return guarded([&]() -> Reply {
    std::error_code error;
    const std::filesystem::path file(file_or_id);
    if (std::filesystem::exists(file, error)) return reply(inspection(std::filesystem::absolute(file)));
    std::vector<std::string> ids;
    for (const EndpointTemplatePtr& of : parts_->catalog.registry.list()) {
      if (of->plugin->descriptor.id == file_or_id) return reply(inspection(of->plugin->path));
      ids.push_back(of->plugin->descriptor.id);
    }
    if (file_or_id.find('/') != std::string_view::npos)
      return failure_reply(Error(ErrorClass::system, "E_FILE_OPEN", "no file " + std::string(file_or_id),
                                 std::string(file_or_id)));
    return failure_reply(Error(ErrorClass::config, "E_PLUGIN_UNKNOWN",
                               "no plugin and no file \"" + std::string(file_or_id) + "\"",
                               std::string(file_or_id), did_you_mean(file_or_id, names_of(ids))));
  });
}

Reply Host::endpoints() const {
  return guarded([&]() -> Reply {
    boost::json::array endpoints, templates;
    for (const auto& [id, config] : parts_->catalog.config.endpoints) {
      boost::json::object entry{{"endpointId", id}, {"template", config.template_id}};
      if (EndpointTemplatePtr of = parts_->catalog.registry.find(config.template_id)) {
        entry["roles"] = texts(of->descriptor.roles);
        entry["config"] = mask(of->descriptor.config_schema, config.config);
      } else {
        // Without a schema nobody knows what is secret.
        entry["roles"] = boost::json::array();
        entry["config"] = nullptr;
      }
      endpoints.push_back(std::move(entry));
    }
    for (const EndpointTemplatePtr& of : parts_->catalog.registry.list())
      templates.push_back(boost::json::object{{"id", of->descriptor.id},
                                              {"title", of->descriptor.title},
                                              {"roles", texts(of->descriptor.roles)},
                                              {"plugin", of->plugin->descriptor.id}});
    return reply({{"config", parts_->catalog.config.path.string()},
                  {"endpoints", std::move(endpoints)},
                  {"templates", std::move(templates)}});
  });
}

Reply Host::describe_template(std::string_view id) const {
  return guarded([&]() -> Reply {
    Result<EndpointTemplatePtr> of = parts_->catalog.registry.require(id);
    if (!of) return failure_reply(of.error());
    boost::json::object out = describe((*of)->descriptor);
    out["plugin"] = {{"id", (*of)->plugin->descriptor.id},
                     {"version", (*of)->plugin->descriptor.version},
                     {"path", (*of)->plugin->path.string()}};
    return reply(out);
  });
}

}  // namespace sluice::host
