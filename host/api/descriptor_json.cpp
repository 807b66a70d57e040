#include "host/api/descriptor_json.hpp"

namespace sluice::host {

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

}  // namespace sluice::host
