#include "csv_config.hpp"

#include <algorithm>
#include <set>

namespace sluice::file {

namespace {

char one_char(const Json& config, std::string_view key, char fallback) {
  const std::string text = config.string(key, std::string_view(&fallback, 1));
  if (text.size() != 1 || text == "\n" || text == "\r")
    throw Error(ErrorClass::config, "E_CONFIG_INVALID",
                std::string(key) + " \"" + text + "\" is not one ASCII character", "/" + std::string(key));
  return text[0];
}

}  // namespace

CsvConfig::CsvConfig(const Json& config)
    : path(config.at("path").as_string()),
      compression(config.string("compression", "auto")),
      dialect{one_char(config, "delimiter", ','), one_char(config, "quote", '"'),
              config.boolean("header", true)} {
  if (dialect.delimiter == dialect.quote)
    throw Error(ErrorClass::config, "E_CONFIG_INVALID", "delimiter and quote are the same", "/quote");
  if (const Json* given = config.find("columns"); given && given->is_array()) {
    std::set<std::string> names;
    for (const Json& column : given->as_array()) {
      const auto type = type_from(column.at("type").as_string());
      const std::string name = column.at("name").as_string();
      if (!type || name.empty() || !names.insert(name).second)
        throw Error(ErrorClass::config, "E_CONFIG_INVALID",
                    "column \"" + name + "\" stands twice, or its type is unknown", "/columns");
      declared.push_back({name, *type, true});
    }
  }
  const Json* given = config.find("nulls");
  if (given && given->is_array())
    for (const Json& text : given->as_array()) nulls.push_back(text.as_string());
  else
    nulls.emplace_back();
}

bool CsvConfig::is_null(const CsvField& field, Type type) const {
  if (field.quoted && variable_width(type)) return false;
  return std::find(nulls.begin(), nulls.end(), field.text) != nulls.end();
}

}  // namespace sluice::file
