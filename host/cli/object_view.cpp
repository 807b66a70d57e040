#include "host/cli/object_view.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

#include "host/cli/table.hpp"
#include "host/log/printable.hpp"

namespace sluice::host::cli {
namespace {

bool is_nested(const json::value& value) {
  if (const json::array* list = value.if_array())
    return std::any_of(list->begin(), list->end(),
                       [](const json::value& v) { return v.is_object() || v.is_array(); });
  return value.is_object();
}

}  // namespace

std::string object_view(const json::object& object, std::initializer_list<std::string_view> except) {
  Table table;
  std::string nested;
  for (const auto& member : object) {
    const std::string_view key = member.key();
    if (std::find(except.begin(), except.end(), key) != except.end()) continue;
    if (is_nested(member.value())) {
      // JSON text escapes C0 itself; printable() would escape its line ends too, so it goes line by line.
      nested += printable(key) + ":\n  ";
      const std::string text = pretty(member.value(), 1);
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        nested += printable(std::string_view(text).substr(at, end - at)) + "\n";
        at = end + 1;
      }
    } else if (std::string value = brief(member.value()); !value.empty()) {
      table.add({std::string(key), std::move(value)});
    }
  }
  return table.text(false) + nested;
}

}  // namespace sluice::host::cli
