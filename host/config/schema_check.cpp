// Without this the validator's parser calls abort() on a bad schema.
#define VALIJSON_USE_EXCEPTIONS 1

#include "host/config/schema_check.hpp"

#include <boost/json.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "host/config/json_pointer.hpp"
#include "host/config/schema_forms.hpp"
#include "host/config/schema_reasons.hpp"

namespace sluice::host {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 64;
// The standard library's regular expressions recurse per character: beyond this they can run out of stack.
constexpr std::size_t max_matched_text = 2048;
constexpr std::size_t max_key = 1024;

// The validator tells 1.0 from 1 and signed from unsigned, and ends texts at a zero byte; JSON Schema does
// none of these. Gives the value in the form in which both agree, or says what cannot be checked at all.
class Normaliser {
 public:
  explicit Normaliser(const json::value& schema) : schema_(schema) {}

  Status run(json::value& value, const SchemaForms& forms, const std::string& where, std::size_t depth) {
    if (depth > max_depth) return invalid("the value is nested deeper than 64 levels", where);
    if (auto* text = value.if_string()) {
      if (text->find('\0') != json::string::npos) return invalid("the text holds a zero byte", where);
      bool matched = false;
      for (const auto* form : forms) matched = matched || form->contains("pattern") || form->contains("not");
      if (matched && text->size() > max_matched_text)
        return invalid("the text is longer than 2048 bytes, which its pattern is not checked against", where);
    } else if (auto* array = value.if_array()) {
      for (std::size_t i = 0; i < array->size(); ++i) {
        auto item = item_forms(schema_, forms, i);
        if (Status status = run((*array)[i], item, where + "/" + std::to_string(i), depth + 1); !status)
          return status;
      }
    } else if (auto* object = value.if_object()) {
      for (auto& member : *object) {
        std::string_view key = member.key();
        if (key.size() > max_key || key.find('\0') != std::string_view::npos)
          return invalid("a name is longer than 1024 bytes or holds a zero byte", where);
        auto forms_below = member_forms(schema_, forms, key);
        if (Status status = run(member.value(), forms_below, pointer_join(where, key), depth + 1); !status)
          return status;
      }
    } else if (value.is_number() && !value.is_int64()) {
      json::error_code failure;
      if (auto whole = value.to_number<std::int64_t>(failure); !failure) value = whole;
    }
    return {};
  }

 private:
  static Error invalid(std::string reason, const std::string& where) {
    return Error(ErrorClass::config, "E_CONFIG_INVALID",
                 (where.empty() ? "the configuration" : where) + ": " + std::move(reason), where);
  }

  const json::value& schema_;
};

// The validator writes a place as {"<root>", "[key]", "[0]"}.
std::vector<std::string> tokens_of(const std::vector<std::string>& context) {
  std::vector<std::string> tokens;
  for (std::size_t i = 1; i < context.size(); ++i) {
    const std::string& part = context[i];
    bool bracketed = part.size() >= 2 && part.front() == '[' && part.back() == ']';
    tokens.push_back(bracketed ? part.substr(1, part.size() - 2) : part);
  }
  return tokens;
}

}  // namespace

struct ConfigSchema::Compiled {
  json::value source;
  std::string owner;
  valijson::Schema schema;
};

ConfigSchema::ConfigSchema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
ConfigSchema::ConfigSchema(ConfigSchema&&) noexcept = default;
ConfigSchema& ConfigSchema::operator=(ConfigSchema&&) noexcept = default;
ConfigSchema::~ConfigSchema() = default;

const json::value& ConfigSchema::json() const {
  return compiled_->source;
}

Result<ConfigSchema> ConfigSchema::compile(const json::value& schema, std::string_view owner) {
  if (Status status = check_schema_shape(schema, owner); !status) return std::move(status).take_error();
  auto compiled = std::make_unique<Compiled>();
  compiled->source = schema;
  compiled->owner = owner;
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::BoostJsonAdapter(compiled->source), compiled->schema);
  } catch (const std::exception& failure) {
    return Error(ErrorClass::config, "E_SCHEMA_INVALID",
                 "the configuration schema of " + compiled->owner + " is unusable: " + failure.what(),
                 compiled->owner, "this is a fault of the plugin: ask its vendor");
  }
  return ConfigSchema(std::move(compiled));
}

std::vector<Error> ConfigSchema::check(const json::object& config) const {
  json::value value = config;
  Normaliser normaliser(compiled_->source);
  if (Status status = normaliser.run(value, root_forms(compiled_->source), "", 0); !status)
    return {std::move(status).take_error()};
  SchemaReasons reasons(compiled_->source, value);
  try {
    // A validator of its own for every check: it caches regular expressions, and is not for two threads.
    valijson::Validator validator;
    valijson::ValidationResults results;
    if (validator.validate(compiled_->schema, valijson::adapters::BoostJsonAdapter(value), &results))
      return {};
    for (const auto& problem : results) reasons.add(tokens_of(problem.context), problem.description);
  } catch (const std::exception& failure) {
    return {Error(ErrorClass::config, "E_SCHEMA_INVALID",
                  "the configuration schema of " + compiled_->owner + " cannot be applied: " + failure.what(),
                  compiled_->owner)};
  }
  return std::move(reasons).take();
}

}  // namespace sluice::host
