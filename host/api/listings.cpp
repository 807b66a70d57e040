// inspect_plugin, endpoints, describe_template: what is there, without opening any of it.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "host/api/descriptor_json.hpp"
#include "host/api/host_parts.hpp"
#include "host/api/plugin_inspection.hpp"
#include "host/config/nearest_name.hpp"
#include "host/config/schema_values.hpp"
#include "host/plugin/plugin_loader.hpp"

namespace sluice::host {

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
