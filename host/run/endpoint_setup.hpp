// From an endpoint's name, or its description in a request, to a template and a configuration that it
// accepts.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/config_file.hpp"
#include "host/config/interpolation.hpp"
#include "host/config/schema_check.hpp"
#include "host/registry/endpoint_registry.hpp"
#include "host/run/policy.hpp"

namespace sluice::host {

// Compiled schemas by template: compiling one costs more than an empty run. Those of templates that are no
// longer there go when another comes. [any thread]
class SchemaCache {
 public:
  Result<std::shared_ptr<const ConfigSchema>> get(const EndpointTemplatePtr& of) const;

 private:
  mutable std::mutex mutex_;
  mutable std::map<std::weak_ptr<const EndpointTemplate>, std::shared_ptr<const ConfigSchema>,
                   std::owner_less<>>
      compiled_;
};

// Everything that endpoints are found in. Outlives what is made from it.
struct EndpointCatalog {
  ConfigFile config;
  EndpointRegistry registry;
  SchemaCache schemas;
};

// An endpoint ready to be opened. Holds resolved secrets in `config_text`; never show that.
struct EndpointSetup {
  std::string id;
  EndpointTemplatePtr of;
  std::string config_text;  // JSON: references resolved, coerced, defaults filled in, valid
  std::string identity;     // digest of template and configuration as written, paths absolute: for locks
  std::shared_ptr<const Scrubber> scrubber;
  std::shared_ptr<InstanceMaker> maker = nullptr;  // when the policy wants it in a process of its own

  InstancePlace place(SharedPlaces places = {}) const { return {maker.get(), std::move(places)}; }
};

// `role` is "source", "sink", or "" for either. Errors, class config: E_ENDPOINT_UNKNOWN, E_TEMPLATE_UNKNOWN
// (with the nearest known name), E_ENDPOINT_ROLE, E_CONFIG_INVALID, E_SECRET_...
Result<EndpointSetup> set_up_endpoint(const EndpointCatalog& catalog, const std::string& id,
                                      const std::optional<InlineEndpoint>& described, std::string_view role);

// All that is wrong with an endpoint of the configuration file; its secrets are not needed to be there.
std::vector<Error> check_endpoint(const EndpointCatalog& catalog, const std::string& id);

}  // namespace sluice::host
