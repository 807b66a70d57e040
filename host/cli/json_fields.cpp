#include "host/cli/json_fields.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

namespace sluice::host::cli {
namespace {

constexpr unsigned deepest_shown = 16;

bool is_plain(const json::value& value) {
  return !value.is_object() && !value.is_array();
}

}  // namespace

const json::value& at(const json::object& object, std::string_view key) {
  static const json::value none;
  const json::value* value = object.if_contains(key);
  return value ? *value : none;
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::string* text = at(object, key).if_string();
  return text ? std::string(*text) : std::string();
}

uint64_t count_at(const json::object& object, std::string_view key) {
  const json::value& value = at(object, key);
  if (const uint64_t* count = value.if_uint64()) return *count;
  if (const int64_t* count = value.if_int64()) return *count > 0 ? static_cast<uint64_t>(*count) : 0;
  const double* number = value.if_double();
  return number && *number > 0 && *number < 1e18 ? static_cast<uint64_t>(*number) : 0;
}

bool flag_at(const json::object& object, std::string_view key) {
  const bool* flag = at(object, key).if_bool();
  return flag && *flag;
}

const json::object& object_at(const json::object& object, std::string_view key) {
  static const json::object none;
  const json::object* value = at(object, key).if_object();
  return value ? *value : none;
}

const json::array& array_at(const json::object& object, std::string_view key) {
  static const json::array none;
  const json::array* value = at(object, key).if_array();
  return value ? *value : none;
}

std::string brief(const json::value& value) {
  if (value.is_null()) return {};
  if (const json::string* text = value.if_string()) return std::string(*text);
  const json::array* list = value.if_array();
  if (!list || !std::all_of(list->begin(), list->end(), is_plain)) return json::serialize(value);
  std::string out;
  for (const json::value& item : *list) {
    if (!out.empty()) out += ", ";
    out += item.is_null() ? "null" : brief(item);
  }
  return out;
}

std::string pretty(const json::value& value, unsigned indent) {
  const std::string pad(2 * (indent + 1), ' '), end(2 * indent, ' ');
  std::string out;
  if (const json::object* object = value.if_object(); object && !object->empty() && indent < deepest_shown) {
    for (const auto& member : *object) {
      out += out.empty() ? "{\n" : ",\n";
      out += pad + json::serialize(member.key()) + ": " + pretty(member.value(), indent + 1);
    }
    return out + "\n" + end + "}";
  }
  if (const json::array* list = value.if_array();
      list && !std::all_of(list->begin(), list->end(), is_plain) && indent < deepest_shown) {
    for (const json::value& item : *list) {
      out += out.empty() ? "[\n" : ",\n";
      out += pad + pretty(item, indent + 1);
    }
    return out + "\n" + end + "]";
  }
  return json::serialize(value);
}

json::object parse_answer(std::string_view text) {
  json::parse_options options;
  options.max_depth = 512;  // previewed records may be deep
  json::error_code error;
  json::value value = json::parse(text, error, {}, options);
  if (error || !value.is_object())
    throw std::runtime_error("the host's answer is not a JSON object: " + error.message());
  return std::move(value.as_object());
}

}  // namespace sluice::host::cli
