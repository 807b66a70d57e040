#include "host/config/schema_reasons.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "host/config/json_pointer.hpp"
#include "host/config/nearest_name.hpp"

namespace sluice::host {
namespace {

namespace json = boost::json;

constexpr std::size_t max_errors = 8;
constexpr std::size_t max_choices = 12;

// Reports that only repeat, one level up, what a report from further down says better.
constexpr auto echoes = std::to_array<std::string_view>(
    {"Failed to validate against schema associated with", "Failed to validate item #",
     "Failed to validate against child schema", "Failed to validate against additional properties schema",
     "Failed to validate against any", "Failed to validate against a conditional schema",
     "Failed to validate against dependent schema"});

// Reports whose limit stands in the schema, with the limit's keyword and our words for it.
struct Limit {
  std::string_view report, keyword, words;
};
constexpr auto limits = std::to_array<Limit>({
    {"Expected number greater than or equal to", "minimum", "must be at least "},
    {"Expected number greater than", "exclusiveMinimum", "must be more than "},
    {"Expected number less than or equal to", "maximum", "must be at most "},
    {"Expected number less than", "exclusiveMaximum", "must be less than "},
    {"Value should be a multiple of", "multipleOf", "must be a multiple of "},
    {"String should be no fewer than", "minLength", "must have this many characters or more: "},
    {"String should be no more than", "maxLength", "must have this many characters or fewer: "},
    {"Array should contain no fewer than", "minItems", "must have this many items or more: "},
    {"Array should contain no more than", "maxItems", "must have this many items or fewer: "},
    {"Object should have no fewer than", "minProperties", "must have this many members or more: "},
    {"Object should have no more than", "maxProperties", "must have this many members or fewer: "},
    {"Failed to match regex", "pattern", "does not match the pattern "},
    {"String should", "format", "is not of the format "},
});

std::string quoted_part(std::string_view description) {
  auto begin = description.find('\''), end = description.rfind('\'');
  if (begin == std::string_view::npos || end <= begin) return {};
  return std::string(description.substr(begin + 1, end - begin - 1));
}

std::optional<std::size_t> index_of(std::string_view token) {
  std::size_t index = 0;
  auto [end, failure] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (token.empty() || failure != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return index;
}

std::string joined(const std::vector<std::string>& names, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " " + std::string(last) + " " : ", ";
    text += names[i];
  }
  return text;
}

// The schema's own limit as text; the first form that has one.
std::string limit_text(const SchemaForms& forms, std::string_view keyword) {
  for (const auto* form : forms)
    if (const auto* limit = form->if_contains(keyword)) {
      if (const auto* text = limit->if_string()) return std::string(*text);
      if (const auto* number = limit->if_double()) {
        std::array<char, 32> buffer{};
        auto [end, failure] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *number);
        if (failure == std::errc()) return std::string(buffer.data(), end);
      }
      if (limit->is_int64() || limit->is_uint64()) return json::serialize(*limit);
    }
  return {};
}

}  // namespace

SchemaReasons::Place SchemaReasons::place_of(const std::vector<std::string>& tokens) const {
  Place place{"", root_forms(schema_), &value_};
  for (const std::string& token : tokens) {
    place.pointer = pointer_join(std::move(place.pointer), token);
    const auto* array = place.value ? place.value->if_array() : nullptr;
    const auto* object = place.value ? place.value->if_object() : nullptr;
    auto index = array ? index_of(token) : std::nullopt;
    if (index) {
      place.forms = item_forms(schema_, place.forms, *index);
      place.value = *index < array->size() ? &(*array)[*index] : nullptr;
    } else {
      place.forms = member_forms(schema_, place.forms, token);
      place.value = object ? object->if_contains(token) : nullptr;
    }
  }
  return place;
}

void SchemaReasons::reject(const std::string& pointer, const std::string& reason, std::string hint) {
  if (errors_.size() >= max_errors || !seen_.emplace(pointer, reason).second) return;
  errors_.emplace_back(ErrorClass::config, "E_CONFIG_INVALID",
                       (pointer.empty() ? "the configuration" : pointer) + ": " + reason, pointer,
                       std::move(hint));
}

void SchemaReasons::add(const std::vector<std::string>& tokens, std::string_view description) {
  if (errors_.size() >= max_errors) return;
  Place place = place_of(tokens);
  for (auto echo : echoes)
    if (description.starts_with(echo)) {
      std::string below = quoted_part(description);
      bool of_member = description.starts_with("Failed to validate against schema associated with property");
      parents_.push_back(of_member ? pointer_join(place.pointer, below) : place.pointer);
      return;
    }
  if (description.starts_with("Value type not permitted")) return reject_type(place);
  if (description.starts_with("Failed to match against any enum") ||
      description.starts_with("Failed to match expected value set by 'const'"))
    return reject_choice(place);
  if (description.starts_with("Object contains a property"))
    return reject_unknown_members(place, quoted_part(description.substr(description.rfind(':') + 1)));
  if (description.starts_with("Missing required property"))
    return reject(place.pointer, "the required property \"" + quoted_part(description) + "\" is missing");
  if (description.starts_with("Missing dependency"))
    return reject(place.pointer, "the property \"" + quoted_part(description) + "\" is needed as well");
  if (description.starts_with("Failed to validate against exactly one"))
    return reject(place.pointer, "fits more than one of the forms that exclude each other");
  if (description.starts_with("Target should not validate"))
    return reject(place.pointer, "has a form that the schema excludes");
  if (description.starts_with("Elements at indexes")) return reject(place.pointer, "has an item twice");
  for (const Limit& limit : limits)
    if (description.starts_with(limit.report))
      if (std::string text = limit_text(place.forms, limit.keyword); !text.empty())
        return reject(place.pointer, std::string(limit.words) + text);
  reject(place.pointer, "does not fit the schema");
}

void SchemaReasons::reject_type(const Place& place) {
  auto types = types_of(place.forms);
  // Right in one alternative and wrong in another: what is wrong is told beside or below.
  if (place.value && has_type(types, json_type_name(*place.value))) {
    open_alternatives_.insert(place.pointer);
    return;
  }
  std::vector<std::string> names(types.begin(), types.end());
  std::string got = place.value ? ", got " + std::string(json_type_name(*place.value)) : "";
  reject(place.pointer, "expected " + (names.empty() ? "another type" : joined(names, "or")) + got);
}

void SchemaReasons::reject_choice(const Place& place) {
  std::vector<std::string> choices, texts;
  auto add_choice = [&](const json::value& choice) {
    std::string text = json::serialize(choice);
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) choices.push_back(std::move(text));
    if (const auto* plain = choice.if_string()) texts.emplace_back(*plain);
  };
  for (const auto* form : place.forms) {
    if (const auto* list = form->if_contains("enum"); list && list->is_array())
      for (const auto& choice : list->get_array()) add_choice(choice);
    if (const auto* only = form->if_contains("const")) add_choice(*only);
  }
  if (place.value &&
      std::find(choices.begin(), choices.end(), json::serialize(*place.value)) != choices.end()) {
    open_alternatives_.insert(place.pointer);
    return;
  }
  bool cut = choices.size() > max_choices;
  if (cut) choices.resize(max_choices);
  std::string reason = (choices.size() == 1 ? "must be " : "must be one of ") + joined(choices, "or");
  if (cut) reason += ", and more";
  const auto* wrong = place.value ? place.value->if_string() : nullptr;
  reject(place.pointer, choices.empty() ? "is none of the allowed values" : reason,
         wrong ? did_you_mean(*wrong, names_of(texts)) : "");
}

void SchemaReasons::reject_unknown_members(const Place& place, const std::string& reported) {
  auto known = property_names(place.forms);
  auto reject_name = [&](std::string_view name) {
    std::string hint = did_you_mean(name, known);
    if (hint.empty() && !known.empty() && known.size() <= max_choices) {
      std::vector<std::string> names(known.begin(), known.end());
      hint = "known properties: " + joined(names, "and");
    }
    reject(pointer_join(place.pointer, name), "the property \"" + std::string(name) + "\" is unknown",
           std::move(hint));
  };
  if (!reported.empty()) reject_name(reported);
  // The validator stops at the first; a person wants them all.
  const auto* object = place.value ? place.value->if_object() : nullptr;
  if (!object) return;
  for (const auto& member : *object)
    if (!has_type(known, member.key()) && member_forms(schema_, place.forms, member.key()).empty())
      reject_name(member.key());
}

std::vector<Error> SchemaReasons::take() && {
  if (errors_.empty() && !open_alternatives_.empty())
    reject(*open_alternatives_.begin(), "does not fit together with the values beside it");
  // The deepest echoes count where nothing better was said at or below their place.
  std::sort(parents_.begin(), parents_.end(),
            [](const auto& a, const auto& b) { return a.size() != b.size() ? a.size() > b.size() : a < b; });
  for (const std::string& parent : parents_) {
    auto below = [&](const Error& error) {
      return error.where() == parent || error.where().starts_with(parent + "/");
    };
    if (!open_alternatives_.contains(parent) && std::none_of(errors_.begin(), errors_.end(), below))
      reject(parent, "has a form that the schema does not allow");
  }
  if (errors_.empty()) reject("", "does not fit the schema");
  return std::move(errors_);
}

}  // namespace sluice::host
