#include "host/run/endpoint_setup.hpp"

#include <xxhash.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "host/config/nearest_name.hpp"
#include "host/config/schema_values.hpp"
#include "host/registry/instance.hpp"

namespace sluice::host {

namespace {

// Where a configuration stands, for errors: `sluice.yaml:12` or `policy`.
struct Described {
  std::string template_id;
  boost::json::object config;
  std::string place;
};

Result<Described> find_description(const EndpointCatalog& catalog, const std::string& id,
                                   const std::optional<InlineEndpoint>& inline_endpoint) {
  if (inline_endpoint && !inline_endpoint->template_id.empty())
    return Described{inline_endpoint->template_id, inline_endpoint->parameters, "policy"};
  const auto& endpoints = catalog.config.endpoints;
  if (auto found = endpoints.find(id); found != endpoints.end()) {
    Described description{found->second.template_id, found->second.config,
                          found->second.file + ":" + std::to_string(found->second.line)};
    if (inline_endpoint)
      for (const auto& member : inline_endpoint->parameters)
        description.config[member.key()] = member.value();
    return description;
  }
  std::string hint = did_you_mean(id, names_of(endpoints));
  if (hint.empty())
    hint = endpoints.empty() ? "no endpoints are configured: name a configuration file with --config"
                             : "`sluice endpoints list` shows what is configured";
  return Error(ErrorClass::config, "E_ENDPOINT_UNKNOWN",
               "no endpoint \"" + id + "\"" +
                   (catalog.config.path.empty() ? "" : " in " + catalog.config.path.string()),
               id, hint);
}

Error placed(const Error& error, const std::string& id, const std::string& place) {
  return Error(error.error_class(), error.code(), "endpoint \"" + id + "\": " + error.message(),
               place + (error.where().empty() ? "" : " " + error.where()), error.hint());
}

// One way, since configurations may hold secrets and identities are stored with staged data.
std::string digest(const std::string& text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  std::array<char, 33> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return hex.data();
}

// Relative paths name another file from another folder: identities use absolute ones.
boost::json::object with_absolute_path(boost::json::object config) {
  if (auto* path = config.if_contains("path"); path && path->is_string()) {
    std::error_code error;
    auto absolute = std::filesystem::absolute(std::string(path->get_string()), error);
    if (!error) *path = absolute.lexically_normal().string();
  }
  return config;
}

}  // namespace

Result<std::shared_ptr<const ConfigSchema>> SchemaCache::get(const EndpointTemplatePtr& of) const {
  std::lock_guard lock(mutex_);
  if (auto found = compiled_.find(of); found != compiled_.end()) return found->second;
  Result<ConfigSchema> schema = ConfigSchema::compile(of->descriptor.config_schema, of->descriptor.id);
  if (!schema) return schema.error();
  auto shared = std::make_shared<const ConfigSchema>(std::move(*schema));
  std::erase_if(compiled_, [](const auto& item) { return item.first.expired(); });
  compiled_.emplace(of, shared);
  return std::shared_ptr<const ConfigSchema>(shared);
}

Result<EndpointSetup> set_up_endpoint(const EndpointCatalog& catalog, const std::string& id,
                                      const std::optional<InlineEndpoint>& described, std::string_view role) {
  Result<Described> description = find_description(catalog, id, described);
  if (!description) return description.error();
  Result<EndpointTemplatePtr> of = catalog.registry.require(description->template_id);
  if (!of) return placed(of.error(), id, description->place);
  if (!role.empty() && !(*of)->descriptor.has_role(role))
    return placed(wrong_role(**of, role), id, description->place);
  Result<std::shared_ptr<const ConfigSchema>> schema = catalog.schemas.get(*of);
  if (!schema) return placed(schema.error(), id, description->place);

  Result<Resolved> resolved = resolve_references(description->config, catalog.config.base_dir);
  if (!resolved) return placed(resolved.error(), id, description->place);
  boost::json::object config = coerce((*schema)->json(), std::move(resolved->value.get_object()));
  config = apply_defaults((*schema)->json(), std::move(config));
  Scrubber scrubber(std::move(resolved->secrets));
  std::vector<Error> wrong = (*schema)->check(config);
  if (!wrong.empty()) {
    Error first = placed(scrubber.scrub(wrong.front()), id, description->place);
    if (wrong.size() == 1) return first;
    return Error(first.error_class(), first.code(),
                 first.message() + " (and " + std::to_string(wrong.size() - 1) +
                     " more; `sluice validate` lists them)",
                 first.where(), first.hint());
  }
  return EndpointSetup{
      id, *of, boost::json::serialize(config),
      digest(description->template_id + boost::json::serialize(with_absolute_path(description->config))),
      std::make_shared<const Scrubber>(std::move(scrubber))};
}

std::vector<Error> check_endpoint(const EndpointCatalog& catalog, const std::string& id) {
  Result<Described> description = find_description(catalog, id, std::nullopt);
  if (!description) return {description.error()};
  Result<EndpointTemplatePtr> of = catalog.registry.require(description->template_id);
  if (!of) return {placed(of.error(), id, description->place)};
  Result<std::shared_ptr<const ConfigSchema>> schema = catalog.schemas.get(*of);
  if (!schema) return {placed(schema.error(), id, description->place)};
  std::vector<Error> errors;
  boost::json::object config = description->config;
  if (Result<Resolved> resolved = resolve_references(config, catalog.config.base_dir)) {
    config = resolved->value.get_object();
  } else {
    errors.push_back(placed(resolved.error(), id, description->place));
  }
  config = apply_defaults((*schema)->json(), coerce((*schema)->json(), std::move(config)));
  for (const Error& error : (*schema)->check(config)) errors.push_back(placed(error, id, description->place));
  return errors;
}

}  // namespace sluice::host
