#include "host/config/schema_forms.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <regex>
#include <unordered_map>

namespace sluice::host {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 64;
constexpr std::size_t max_nodes = 20'000;
constexpr std::size_t max_pattern = 512;
constexpr std::size_t max_matched_key = 256;

constexpr auto branch_lists = std::to_array<std::string_view>({"allOf", "anyOf", "oneOf"});
constexpr auto branches = std::to_array<std::string_view>({"if", "then", "else"});
constexpr auto schema_maps =
    std::to_array<std::string_view>({"properties", "patternProperties", "definitions", "$defs"});
constexpr auto part_schemas = std::to_array<std::string_view>(
    {"additionalProperties", "items", "additionalItems", "contains", "propertyNames"});

const json::object* object_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value ? value->if_object() : nullptr;
}

const json::array* array_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value ? value->if_array() : nullptr;
}

// What a reference within the schema leads to, or null.
const json::value* target_of(const json::value& schema, std::string_view reference) {
  if (!reference.starts_with('#')) return nullptr;
  json::error_code failure;
  return schema.find_pointer(reference.substr(1), failure);
}

// Calls `visit` for the schemas that apply to the same value as `form` does. `not` is left to the caller: it
// says what a value must not be.
template <class Visit>
void for_each_branch(const json::value& schema, const json::object& form, const Visit& visit) {
  if (const auto* reference = form.if_contains("$ref"); reference && reference->is_string())
    if (const auto* target = target_of(schema, reference->get_string()))
      if (const auto* object = target->if_object()) visit(*object);
  for (auto key : branch_lists)
    if (const auto* list = array_at(form, key))
      for (const auto& item : *list)
        if (const auto* object = item.if_object()) visit(*object);
  for (auto key : branches)
    if (const auto* object = object_at(form, key)) visit(*object);
  if (const auto* dependencies = object_at(form, "dependencies"))
    for (const auto& member : *dependencies)
      if (const auto* object = member.value().if_object()) visit(*object);
}

void add_form(const json::value& schema, const json::object& form, SchemaForms& forms) {
  if (std::find(forms.begin(), forms.end(), &form) != forms.end()) return;
  forms.push_back(&form);
  for_each_branch(schema, form, [&](const json::object& branch) { add_form(schema, branch, forms); });
}

bool matches(std::string_view pattern, std::string_view key) {
  if (pattern.size() > max_pattern || key.size() > max_matched_key) return false;
  try {
    return std::regex_search(key.begin(), key.end(), std::regex(pattern.begin(), pattern.end()));
  } catch (const std::regex_error&) {
    return false;
  }
}

// One pass over all schemas in a schema; refuses by the first fault that it meets.
class ShapeCheck {
 public:
  ShapeCheck(const json::value& schema, std::string_view owner) : schema_(schema), owner_(owner) {}

  Status run() {
    if (!schema_.is_object()) return refuse("it is not an object");
    if (Status status = measure(schema_, 0); !status) return status;
    return visit(schema_.get_object());
  }

 private:
  struct Branching {
    std::size_t height, size;
  };

  Error refuse(std::string reason) const {
    return Error(ErrorClass::config, "E_SCHEMA_INVALID",
                 "the configuration schema of " + std::string(owner_) + " is unusable: " + std::move(reason),
                 std::string(owner_), "this is a fault of the plugin: ask its vendor");
  }

  Status measure(const json::value& value, std::size_t depth) {
    if (depth > max_depth) return refuse("it is nested deeper than 64 levels");
    if (++nodes_ > max_nodes) return refuse("it has more than 20,000 nodes");
    if (const auto* array = value.if_array()) {
      for (const auto& item : *array)
        if (Status status = measure(item, depth + 1); !status) return status;
    } else if (const auto* object = value.if_object()) {
      for (const auto& member : *object)
        if (Status status = measure(member.value(), depth + 1); !status) return status;
    }
    return {};
  }

  // Depth is bounded by measure(): this follows the tree, not the references.
  Status visit(const json::object& form) {
    if (Status status = check_reference(form); !status) return status;
    if (const auto* pattern = form.if_contains("pattern"); pattern && pattern->is_string())
      if (Status status = check_pattern(pattern->get_string()); !status) return status;
    if (Branching branching; !branching_of(form, 0, branching))
      return refuse("its $refs and alternatives form an endless or enormous chain");
    for (auto key : schema_maps) {
      const auto* map = object_at(form, key);
      if (!map) continue;
      for (const auto& member : *map) {
        if (key == "patternProperties")
          if (Status status = check_pattern(member.key()); !status) return status;
        if (Status status = visit_if_schema(member.value()); !status) return status;
      }
    }
    for (auto key : part_schemas)
      if (Status status = visit_at(form, key); !status) return status;
    for (auto key : branch_lists)
      if (Status status = visit_at(form, key); !status) return status;
    for (auto key : branches)
      if (Status status = visit_at(form, key); !status) return status;
    if (Status status = visit_at(form, "not"); !status) return status;
    if (const auto* dependencies = object_at(form, "dependencies"))
      for (const auto& member : *dependencies)
        if (Status status = visit_if_schema(member.value()); !status) return status;
    return {};
  }

  Status visit_at(const json::object& form, std::string_view key) {
    const auto* value = form.if_contains(key);
    if (!value) return {};
    if (const auto* list = value->if_array()) {
      for (const auto& item : *list)
        if (Status status = visit_if_schema(item); !status) return status;
      return {};
    }
    return visit_if_schema(*value);
  }

  Status visit_if_schema(const json::value& value) {
    const auto* object = value.if_object();
    return object ? visit(*object) : Status();
  }

  Status check_reference(const json::object& form) const {
    const auto* reference = form.if_contains("$ref");
    if (!reference) return {};
    if (!reference->is_string()) return refuse("a $ref is not a text");
    const auto* target = target_of(schema_, reference->get_string());
    if (!target || !(target->is_object() || target->is_bool()))
      return refuse("the $ref " + std::string(reference->get_string()) +
                    " leads to no schema in the same document");
    return {};
  }

  Status check_pattern(std::string_view pattern) const {
    if (pattern.size() > max_pattern) return refuse("a pattern is longer than 512 bytes");
    try {
      std::regex compiled(pattern.begin(), pattern.end());
    } catch (const std::regex_error&) {
      return refuse("the pattern " + std::string(pattern) + " is no regular expression");
    }
    return {};
  }

  // How high and how large the alternatives above one value grow; false when beyond measure or in a circle.
  bool branching_of(const json::object& form, std::size_t depth, Branching& result) {
    if (depth > max_depth) return false;
    if (auto known = branching_.find(&form); known != branching_.end()) {
      result = known->second;
      return result.height != 0;
    }
    branching_[&form] = {0, 0};  // under way: meeting it again means a circle
    Branching sum{1, 1};
    bool bounded = true;
    auto add = [&](const json::object& branch) {
      Branching part{};
      if (!bounded || !branching_of(branch, depth + 1, part)) {
        bounded = false;
        return;
      }
      sum.height = std::max(sum.height, part.height + 1);
      sum.size += part.size;
      bounded = sum.height <= max_depth && sum.size <= max_nodes;
    };
    for_each_branch(schema_, form, add);
    if (const auto* negated = object_at(form, "not")) add(*negated);
    if (!bounded) return false;
    branching_[&form] = result = sum;
    return true;
  }

  const json::value& schema_;
  std::string_view owner_;
  std::size_t nodes_ = 0;
  std::unordered_map<const json::object*, Branching> branching_;
};

}  // namespace

SchemaForms root_forms(const json::value& schema) {
  return forms_of(schema, schema);
}

SchemaForms forms_of(const json::value& schema, const json::value& part) {
  SchemaForms forms;
  if (const auto* object = part.if_object()) add_form(schema, *object, forms);
  return forms;
}

SchemaForms member_forms(const json::value& schema, const SchemaForms& forms, std::string_view key) {
  SchemaForms members;
  for (const auto* form : forms) {
    bool named = false;
    if (const auto* properties = object_at(*form, "properties"))
      if (const auto* property = properties->if_contains(key)) {
        named = true;
        if (const auto* object = property->if_object()) add_form(schema, *object, members);
      }
    if (const auto* patterns = object_at(*form, "patternProperties"))
      for (const auto& [pattern, property] : *patterns)
        if (matches(pattern, key)) {
          named = true;
          if (const auto* object = property.if_object()) add_form(schema, *object, members);
        }
    if (!named)
      if (const auto* others = object_at(*form, "additionalProperties")) add_form(schema, *others, members);
  }
  return members;
}

SchemaForms item_forms(const json::value& schema, const SchemaForms& forms, std::size_t index) {
  SchemaForms items;
  for (const auto* form : forms) {
    if (const auto* every = object_at(*form, "items")) {
      add_form(schema, *every, items);
    } else if (const auto* list = array_at(*form, "items")) {
      const json::value* item = index < list->size() ? &(*list)[index] : form->if_contains("additionalItems");
      if (item && item->is_object()) add_form(schema, item->get_object(), items);
    }
    if (const auto* some = object_at(*form, "contains")) add_form(schema, *some, items);
  }
  return items;
}

std::vector<std::string_view> types_of(const SchemaForms& forms) {
  std::vector<std::string_view> types;
  auto add = [&](const json::value& type) {
    if (const auto* name = type.if_string())
      if (!has_type(types, *name)) types.emplace_back(*name);
  };
  for (const auto* form : forms) {
    const auto* type = form->if_contains("type");
    if (!type) continue;
    if (const auto* list = type->if_array()) {
      for (const auto& item : *list) add(item);
    } else {
      add(*type);
    }
  }
  return types;
}

bool has_type(const std::vector<std::string_view>& types, std::string_view type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

std::vector<std::string_view> property_names(const SchemaForms& forms) {
  std::vector<std::string_view> names;
  for (const auto* form : forms)
    if (const auto* properties = object_at(*form, "properties"))
      for (const auto& member : *properties)
        if (std::string_view name = member.key(); !has_type(names, name)) names.push_back(name);
  return names;
}

std::string_view json_type_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "boolean";
    case json::kind::int64:
    case json::kind::uint64:
      return "integer";
    case json::kind::double_:
      return "number";
    case json::kind::string:
      return "string";
    case json::kind::array:
      return "array";
    case json::kind::object:
      return "object";
  }
  return "unknown";
}

Status check_schema_shape(const json::value& schema, std::string_view owner) {
  return ShapeCheck(schema, owner).run();
}

}  // namespace sluice::host
