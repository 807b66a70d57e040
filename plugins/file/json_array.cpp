#include "json_array.hpp"

#include <sluice/json.hpp>

namespace sluice::file {

namespace {

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

// The value at the front of `text`, which is valid JSON; takes it off.
std::string_view take_value(std::string_view& text) {
  size_t depth = 0, at = 0;
  bool in_string = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c != '"') continue;
      in_string = false;
      if (depth == 0) {
        ++at;
        break;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) break;  // of the container around a number or word
      if (--depth == 0) {
        ++at;
        break;
      }
    } else if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
      break;
    }
  }
  at = std::min(at, text.size());
  const std::string_view value = text.substr(0, at);
  text.remove_prefix(at);
  return value;
}

// After a value: past the comma, or false at the closing bracket.
bool take_comma(std::string_view& text) {
  skip_blanks(text);
  if (text.empty() || text.front() != ',') return false;
  text.remove_prefix(1);
  skip_blanks(text);
  return true;
}

std::optional<std::string_view> member(std::string_view object, const std::string& key) {
  object.remove_prefix(1);
  skip_blanks(object);
  if (object.empty() || object.front() == '}') return std::nullopt;
  do {
    const bool found = Json::parse(take_value(object)).as_string() == key;
    skip_blanks(object);
    object.remove_prefix(1);  // the colon
    skip_blanks(object);
    const std::string_view value = take_value(object);
    if (found) return value;
  } while (take_comma(object));
  return std::nullopt;
}

std::optional<std::string_view> element(std::string_view array, const std::string& index) {
  if (index.empty() || index.size() > 9 || index.find_first_not_of("0123456789") != std::string::npos ||
      (index.size() > 1 && index[0] == '0'))
    return std::nullopt;
  JsonArray elements(array, "");
  std::optional<std::string_view> value = elements.next();
  for (unsigned long left = std::stoul(index); left > 0 && value; --left) value = elements.next();
  return value;
}

std::string unescape_token(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size(); ++i) {
    const bool escaped = token[i] == '~' && i + 1 < token.size();
    out += escaped ? (token[++i] == '1' ? '/' : '~') : token[i];
  }
  return out;
}

}  // namespace

JsonArray::JsonArray(std::string_view document, std::string_view pointer) {
  const auto fail = [&](const std::string& what) {
    return Error(
        ErrorClass::config, "E_JSON_POINTER", "\"" + std::string(pointer) + "\" " + what, "/pointer",
        "pointer names the array whose elements are the records, as /a/b; empty is the document itself");
  };
  skip_blanks(document);
  std::optional<std::string_view> value = take_value(document);
  std::string_view tokens = pointer;
  if (!tokens.empty() && tokens.front() != '/') throw fail("is no JSON pointer: it does not begin with /");
  while (!tokens.empty()) {
    tokens.remove_prefix(1);
    const std::string token = unescape_token(tokens.substr(0, tokens.find('/')));
    tokens.remove_prefix(std::min(tokens.find('/'), tokens.size()));
    if (!value->empty() && value->front() == '{')
      value = member(*value, token);
    else if (!value->empty() && value->front() == '[')
      value = element(*value, token);
    else
      value = std::nullopt;
    if (!value) throw fail("leads to nothing: there is no \"" + token + "\"");
  }
  if (value->empty() || value->front() != '[') throw fail("leads to something that is no array");
  rest_ = value->substr(1);
  skip_blanks(rest_);
  if (rest_.front() == ']') rest_ = {};
}

std::optional<std::string_view> JsonArray::next() {
  if (rest_.empty()) return std::nullopt;
  const std::string_view value = take_value(rest_);
  if (!take_comma(rest_)) rest_ = {};
  return value;
}

}  // namespace sluice::file
