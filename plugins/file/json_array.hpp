// Finding an array in a JSON document, and its elements, without building anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::file {

// Over the text of one valid JSON document, borrowed.
class JsonArray {
 public:
  // The array at `pointer` (RFC 6901; "" is the document). Throws E_JSON_POINTER, config: nothing is there,
  // or no array.
  JsonArray(std::string_view document, std::string_view pointer);

  // The text of the next element, without blanks around it; nothing at the end.
  std::optional<std::string_view> next();

 private:
  std::string_view rest_;  // from the next element on
};

}  // namespace sluice::file
