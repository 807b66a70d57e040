// Validation of an endpoint's configuration against its template's JSON Schema (draft 7).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/result.hpp"

namespace sluice::host {

// A compiled schema. Constant after compile, so threads may check against one at the same time.
class ConfigSchema {
 public:
  // Keeps a copy of `schema`. `owner` (a template id) names the schema in errors. Error: E_SCHEMA_INVALID.
  static Result<ConfigSchema> compile(const boost::json::value& schema, std::string_view owner);

  ConfigSchema(ConfigSchema&&) noexcept;
  ConfigSchema& operator=(ConfigSchema&&) noexcept;
  ~ConfigSchema();

  // The JSON that was compiled, for schema_values.hpp.
  const boost::json::value& json() const;

  // What is wrong with the configuration; empty when nothing is. At most eight errors E_CONFIG_INVALID, class
  // config; `where` is the JSON pointer. No message shows a value from the configuration.
  std::vector<Error> check(const boost::json::object& config) const;

 private:
  struct Compiled;
  explicit ConfigSchema(std::unique_ptr<Compiled> compiled);

  std::unique_ptr<Compiled> compiled_;
};

}  // namespace sluice::host
