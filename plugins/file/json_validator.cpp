#include "json_validator.hpp"

#include <simdjson.h>

#include "json_grammar.hpp"

namespace sluice::file {

namespace {

// simdjson's parser takes ten times the document in memory; larger ones go through the grammar alone.
constexpr size_t largest_for_parser = size_t{16} << 20;

std::optional<std::string> mistake_text(std::string_view text) {
  if (auto mistake = find_json_mistake(text))
    return "not JSON at byte " + std::to_string(mistake->at) + " of the record: " + mistake->what;
  return std::nullopt;
}

}  // namespace

struct JsonValidator::Parser {
  simdjson::dom::parser dom;
};

JsonValidator::JsonValidator() : parser_(std::make_unique<Parser>()) {}
JsonValidator::~JsonValidator() = default;

bool is_blank(std::string_view text) {
  // Nearly every line begins with its document.
  if (!text.empty() && static_cast<unsigned char>(text.front()) > ' ') return false;
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::optional<std::string> JsonValidator::reason_against(std::string_view text) {
  if (text.size() > largest_for_parser) {
    if (!simdjson::validate_utf8(text.data(), text.size())) return "not valid UTF-8";
    return mistake_text(text);
  }
  const simdjson::error_code code = parser_->dom.parse(text.data(), text.size(), false).error();
  if (code == simdjson::SUCCESS) return std::nullopt;
  if (code == simdjson::UTF8_ERROR) return "not valid UTF-8";
  if (code == simdjson::MEMALLOC) throw std::bad_alloc();
  // simdjson refuses numbers that fit no 64-bit type; they are JSON all the same. (It has checked the UTF-8
  // before it looks at numbers.)
  if (code == simdjson::NUMBER_ERROR) return mistake_text(text);
  if (auto mistake = mistake_text(text)) return mistake;
  return std::string(simdjson::error_message(code));
}

}  // namespace sluice::file
