#include "host/config/schema_values.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>

#include "host/config/interpolation.hpp"
#include "host/config/json_pointer.hpp"
#include "host/config/schema_forms.hpp"

namespace sluice::host {
namespace {

namespace json = boost::json;

// Deeper values are left as they are; the check refuses them.
constexpr std::size_t max_depth = 64;
constexpr std::size_t max_paths = 1000;

std::string_view trimmed(std::string_view text) {
  auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool equals_folded(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

template <class Number>
std::optional<Number> whole_text_as(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<json::value> parsed_as(std::string_view text, json::kind kind) {
  json::error_code failure;
  json::value value = json::parse(text, failure);
  if (failure || value.kind() != kind) return std::nullopt;
  return value;
}

json::array split_list(std::string_view text) {
  json::array list;
  while (!text.empty()) {
    auto comma = text.find(',');
    list.emplace_back(json::string(trimmed(text.substr(0, comma))));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return list;
}

// The text read as one of the types, strictest first, so that `5` in [number, array] is a number.
std::optional<json::value> read_as(const std::vector<std::string_view>& types, std::string_view raw) {
  std::string_view text = trimmed(raw);
  if (has_type(types, "null") && (text.empty() || text == "null")) return json::value(nullptr);
  if (has_type(types, "boolean")) {
    if (equals_folded(text, "true")) return json::value(true);
    if (equals_folded(text, "false")) return json::value(false);
  }
  if (has_type(types, "integer") || has_type(types, "number")) {
    if (auto number = whole_text_as<std::int64_t>(text)) return json::value(*number);
    if (auto number = whole_text_as<std::uint64_t>(text)) return json::value(*number);
  }
  if (has_type(types, "number"))
    if (auto number = whole_text_as<double>(text); number && std::isfinite(*number))
      return json::value(*number);
  if (has_type(types, "object"))
    if (auto object = parsed_as(text, json::kind::object)) return object;
  if (has_type(types, "array")) {
    if (text.starts_with('[')) return parsed_as(text, json::kind::array);
    return json::value(split_list(text));
  }
  return std::nullopt;
}

void coerce_value(const json::value& schema, const SchemaForms& forms, json::value& value,
                  std::size_t depth) {
  if (depth > max_depth) return;
  auto types = types_of(forms);
  if (value.is_string() && !types.empty() && !has_type(types, "string"))
    if (auto better = read_as(types, value.get_string())) value = std::move(*better);
  if (const auto* number = value.if_double();
      number && has_type(types, "integer") && !has_type(types, "number")) {
    json::error_code failure;
    if (auto whole = value.to_number<std::int64_t>(failure); !failure) value = whole;
  }
  if (auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i)
      coerce_value(schema, item_forms(schema, forms, i), (*array)[i], depth + 1);
  } else if (auto* object = value.if_object()) {
    std::vector<std::string> absent;
    for (auto& member : *object) {
      auto below = member_forms(schema, forms, member.key());
      coerce_value(schema, below, member.value(), depth + 1);
      auto allowed = types_of(below);
      if (member.value().is_null() && !allowed.empty() && !has_type(allowed, "null"))
        absent.emplace_back(member.key());
    }
    for (const auto& key : absent) object->erase(key);
  }
}

void add_defaults(const json::value& schema, const SchemaForms& forms, json::value& value,
                  std::size_t depth) {
  if (depth > max_depth) return;
  if (auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i)
      add_defaults(schema, item_forms(schema, forms, i), (*array)[i], depth + 1);
    return;
  }
  auto* object = value.if_object();
  if (!object) return;
  for (auto name : property_names(forms)) {
    if (object->contains(name)) continue;
    for (const auto* form : member_forms(schema, forms, name))
      if (const auto* preset = form->if_contains("default")) {
        object->emplace(name, *preset);
        break;
      }
  }
  for (auto& member : *object)
    add_defaults(schema, member_forms(schema, forms, member.key()), member.value(), depth + 1);
}

bool is_secret(const SchemaForms& forms) {
  for (const auto* form : forms)
    for (std::string_view mark : {"x-secret", "writeOnly", "airbyte_secret"})
      if (const auto* value = form->if_contains(mark); value && value->is_bool() && value->get_bool())
        return true;
  return false;
}

// Follows the schema down from a value's forms; `above` holds the forms on the way, so that a schema that
// contains itself is entered once.
class SecretSearch {
 public:
  explicit SecretSearch(const json::value& schema) : schema_(schema) {}

  std::set<std::string> run() {
    search(root_forms(schema_), "", {});
    return std::move(paths_);
  }

 private:
  void search(const SchemaForms& forms, const std::string& pointer, std::vector<const json::object*> above) {
    if (paths_.size() >= max_paths || ++visits_ > max_visits || above.size() > max_above) return;
    if (is_secret(forms)) {
      paths_.insert(pointer);
      return;
    }
    for (const auto* form : forms)
      if (std::find(above.begin(), above.end(), form) != above.end()) return;
    above.insert(above.end(), forms.begin(), forms.end());
    for (auto name : property_names(forms))
      search(member_forms(schema_, forms, name), pointer_join(pointer, name), above);
    SchemaForms others;
    for (const auto* form : forms) {
      if (const auto* further = form->if_contains("additionalProperties"); further && further->is_object())
        add_part(*further, others);
      if (const auto* patterns = form->if_contains("patternProperties"); patterns && patterns->is_object())
        for (const auto& member : patterns->get_object()) add_part(member.value(), others);
      if (const auto* list = form->if_contains("items"); list && list->is_array())
        for (const auto& item : list->get_array()) add_part(item, others);
    }
    // An index that no list of item schemas reaches gives the schema of all further items.
    for (const auto* form : item_forms(schema_, forms, SIZE_MAX)) others.push_back(form);
    if (!others.empty()) search(others, pointer + "/*", above);
  }

  void add_part(const json::value& part, SchemaForms& forms) const {
    for (const auto* form : forms_of(schema_, part)) forms.push_back(form);
  }

  static constexpr std::size_t max_visits = 20'000, max_above = 2'000;
  const json::value& schema_;
  std::set<std::string> paths_;
  std::size_t visits_ = 0;
};

void mask_value(const json::value& schema, const SchemaForms& forms, json::value& value, std::size_t depth) {
  if (is_secret(forms) || depth > max_depth) {
    const auto* text = value.if_string();
    if (!value.is_null() && !(text && is_reference(*text))) value = "***";
    return;
  }
  if (auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i)
      mask_value(schema, item_forms(schema, forms, i), (*array)[i], depth + 1);
  } else if (auto* object = value.if_object()) {
    for (auto& member : *object)
      mask_value(schema, member_forms(schema, forms, member.key()), member.value(), depth + 1);
  }
}

}  // namespace

json::object coerce(const json::value& schema, json::object config) {
  json::value value(std::move(config));
  coerce_value(schema, root_forms(schema), value, 0);
  return std::move(value.as_object());
}

json::object apply_defaults(const json::value& schema, json::object config) {
  json::value value(std::move(config));
  add_defaults(schema, root_forms(schema), value, 0);
  return std::move(value.as_object());
}

std::vector<std::string> secret_paths(const json::value& schema) {
  auto paths = SecretSearch(schema).run();
  return {paths.begin(), paths.end()};
}

json::object mask(const json::value& schema, json::object config) {
  json::value value(std::move(config));
  mask_value(schema, root_forms(schema), value, 0);
  return value.is_object() ? std::move(value.get_object()) : json::object();
}

}  // namespace sluice::host
