// The grammar of JSON alone (RFC 8259): no numbers are converted, nothing is built.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::file {

struct JsonMistake {
  size_t at;  // byte in the text
  const char* what;
};

// What is wrong with `text` as one JSON text, blanks around it allowed. Strings are taken as they are: UTF-8
// is not looked at. Nesting is limited to 1024, as simdjson does. Memory: one byte a level.
std::optional<JsonMistake> find_json_mistake(std::string_view text);

}  // namespace sluice::file
