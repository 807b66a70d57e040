// Full validation of JSON documents with simdjson: the whole document, its UTF-8, and what follows it. It
// says why a document is refused, and has the last word; JsonLines is the quick way through many good ones.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::file {

// [one thread] Keeps its parser's memory between calls.
class JsonValidator {
 public:
  // Bytes that must be readable behind every text given.
  static constexpr size_t padding = 64;

  JsonValidator();
  ~JsonValidator();
  JsonValidator(const JsonValidator&) = delete;
  JsonValidator& operator=(const JsonValidator&) = delete;

  // Why `text` is not exactly one JSON document; nothing when it is. Numbers of any size are JSON.
  std::optional<std::string> reason_against(std::string_view text);

 private:
  struct Parser;
  const std::unique_ptr<Parser> parser_;
};

// Spaces, tabs, carriage returns and newlines only.
bool is_blank(std::string_view text);

}  // namespace sluice::file
