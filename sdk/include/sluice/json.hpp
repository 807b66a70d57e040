// A small JSON value for configurations, checkpoints, slices and descriptors. Not for records: it is built
// for clarity.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sluice/error.hpp"

namespace sluice {

// Value semantics; objects keep the order of their keys. Integers stay exact in the range of int64_t.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;
  Json(std::nullptr_t) {}                                   // NOLINT(google-explicit-constructor)
  Json(bool value) : value_(value) {}                       // NOLINT
  Json(int value) : value_(static_cast<int64_t>(value)) {}  // NOLINT
  Json(int64_t value) : value_(value) {}                    // NOLINT
  Json(uint64_t value) {                                    // NOLINT
    if (value <= static_cast<uint64_t>(INT64_MAX))
      value_ = static_cast<int64_t>(value);
    else
      value_ = static_cast<double>(value);
  }
  Json(uint32_t value) : value_(static_cast<int64_t>(value)) {}  // NOLINT
  Json(double value) : value_(value) {}                          // NOLINT
  Json(const char* value) : value_(std::string(value)) {}        // NOLINT
  Json(std::string_view value) : value_(std::string(value)) {}   // NOLINT
  Json(std::string value) : value_(std::move(value)) {}          // NOLINT
  Json(Array value) : value_(std::move(value)) {}                // NOLINT
  Json(Object value) : value_(std::move(value)) {}               // NOLINT
  static Json object(std::initializer_list<Member> members = {}) { return Json(Object(members)); }
  static Json array(std::initializer_list<Json> values = {}) { return Json(Array(values)); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(value_); }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  // These throw E_JSON_TYPE when the value is of another type.
  bool as_bool() const { return get<bool>("a boolean"); }
  int64_t as_integer() const { return get<int64_t>("an integer"); }
  double as_number() const {
    return is_integer() ? static_cast<double>(as_integer()) : get<double>("a number");
  }
  const std::string& as_string() const { return get<std::string>("a string"); }
  const Array& as_array() const { return get<Array>("an array"); }
  const Object& as_object() const { return get<Object>("an object"); }

  // The member of that name, or null when there is none or this is no object.
  const Json* find(std::string_view key) const {
    if (const auto* members = std::get_if<Object>(&value_))
      for (const auto& member : *members)
        if (member.first == key) return &member.second;
    return nullptr;
  }
  // Members with a fallback for "absent or null".
  std::string string(std::string_view key, std::string_view fallback) const {
    const Json* member = present(key);
    return member ? member->as_string() : std::string(fallback);
  }
  int64_t integer(std::string_view key, int64_t fallback) const {
    const Json* member = present(key);
    return member ? member->as_integer() : fallback;
  }
  bool boolean(std::string_view key, bool fallback) const {
    const Json* member = present(key);
    return member ? member->as_bool() : fallback;
  }
  // Members that must be there; E_JSON_MISSING names the key.
  const Json& at(std::string_view key) const {
    if (const Json* member = present(key)) return *member;
    throw Error(ErrorClass::config, "E_JSON_MISSING", "\"" + std::string(key) + "\" is missing");
  }
  void set(std::string_view key, Json value) {
    if (!is_object()) value_ = Object();
    for (auto& member : std::get<Object>(value_))
      if (member.first == key) {
        member.second = std::move(value);
        return;
      }
    std::get<Object>(value_).emplace_back(std::string(key), std::move(value));
  }
  void push_back(Json value) {
    if (!is_array()) value_ = Array();
    std::get<Array>(value_).push_back(std::move(value));
  }

  std::string dump() const {
    std::string out;
    write(out);
    return out;
  }
  void write(std::string& out) const;
  // Throws E_JSON with the byte offset. Depth is limited to 64.
  static Json parse(std::string_view text);
  // Appends `text` as a JSON string literal, quotes included. Bytes that are not UTF-8 pass through.
  static void write_string(std::string_view text, std::string& out);

  bool operator==(const Json& other) const { return value_ == other.value_; }

 private:
  const Json* present(std::string_view key) const {
    const Json* member = find(key);
    return member && !member->is_null() ? member : nullptr;
  }
  template <class T>
  const T& get(const char* wanted) const {
    if (const T* value = std::get_if<T>(&value_)) return *value;
    throw Error(ErrorClass::config, "E_JSON_TYPE", dump().substr(0, 80) + " is not " + wanted);
  }

  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value_;
};

namespace detail {

class JsonParser {
 public:
  explicit JsonParser(std::string_view text) : text_(text) {}

  Json parse() {
    Json value = parse_value(0);
    skip_blanks();
    if (at_ != text_.size()) fail("text after the value");
    return value;
  }

 private:
  static constexpr int max_depth = 64;

  [[noreturn]] void fail(const char* what) const {
    throw Error(ErrorClass::config, "E_JSON", "not JSON at byte " + std::to_string(at_) + ": " + what);
  }
  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  Json parse_value(int depth) {
    if (depth > max_depth) fail("nested too deep");
    skip_blanks();
    if (at_ >= text_.size()) fail("ends too early");
    switch (text_[at_]) {
      case '{':
        return parse_object(depth);
      case '[':
        return parse_array(depth);
      case '"':
        return parse_string();
      case 't':
        if (take("true")) return true;
        break;
      case 'f':
        if (take("false")) return false;
        break;
      case 'n':
        if (take("null")) return nullptr;
        break;
      default:
        return parse_number();
    }
    fail("unknown word");
  }
  Json parse_object(int depth) {
    Json::Object members;
    ++at_;
    skip_blanks();
    if (take("}")) return members;
    for (;;) {
      skip_blanks();
      if (at_ >= text_.size() || text_[at_] != '"') fail("a key is missing");
      std::string key = parse_string();
      skip_blanks();
      if (!take(":")) fail("a colon is missing");
      members.emplace_back(std::move(key), parse_value(depth + 1));
      skip_blanks();
      if (take("}")) return members;
      if (!take(",")) fail("a comma is missing");
    }
  }
  Json parse_array(int depth) {
    Json::Array values;
    ++at_;
    skip_blanks();
    if (take("]")) return values;
    for (;;) {
      values.push_back(parse_value(depth + 1));
      skip_blanks();
      if (take("]")) return values;
      if (!take(",")) fail("a comma is missing");
    }
  }
  uint32_t parse_hex4() {
    uint32_t code = 0;
    if (text_.size() - at_ < 4) fail("a short \\u escape");
    auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, code, 16);
    if (error != std::errc() || end != text_.data() + at_ + 4) fail("a bad \\u escape");
    at_ += 4;
    return code;
  }
  static void append_utf8(uint32_t code, std::string& out) {
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | (code >> 6));
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | (code >> 12));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      out += static_cast<char>(0xF0 | (code >> 18));
      out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  std::string parse_string() {
    std::string out;
    ++at_;
    for (;;) {
      if (at_ >= text_.size()) fail("a string does not end");
      char c = text_[at_++];
      if (c == '"') return out;
      if (static_cast<unsigned char>(c) < 0x20) fail("a control character in a string");
      if (c != '\\') {
        out += c;
        continue;
      }
      if (at_ >= text_.size()) fail("a string does not end");
      switch (text_[at_++]) {
        case '"':
          out += '"';
          break;
        case '\\':
          out += '\\';
          break;
        case '/':
          out += '/';
          break;
        case 'b':
          out += '\b';
          break;
        case 'f':
          out += '\f';
          break;
        case 'n':
          out += '\n';
          break;
        case 'r':
          out += '\r';
          break;
        case 't':
          out += '\t';
          break;
        case 'u': {
          uint32_t code = parse_hex4();
          if (code >= 0xD800 && code < 0xDC00) {
            if (!take("\\u")) fail("half a surrogate pair");
            uint32_t low = parse_hex4();
            if (low < 0xDC00 || low > 0xDFFF) fail("half a surrogate pair");
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
          } else if (code >= 0xDC00 && code < 0xE000) {
            fail("half a surrogate pair");
          }
          append_utf8(code, out);
          break;
        }
        default:
          fail("an unknown escape");
      }
    }
  }
  static bool digit(char c) { return c >= '0' && c <= '9'; }
  Json parse_number() {
    size_t begin = at_;
    if (take("-") && at_ >= text_.size()) fail("not a value");
    size_t digits = at_;
    while (at_ < text_.size() && digit(text_[at_])) ++at_;
    if (at_ == digits || (text_[digits] == '0' && at_ - digits > 1)) fail("not a value");
    bool integral = true;
    if (take(".")) {
      integral = false;
      size_t fraction = at_;
      while (at_ < text_.size() && digit(text_[at_])) ++at_;
      if (at_ == fraction) fail("a number ends with its point");
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      integral = false;
      ++at_;
      if (!take("+")) (void)take("-");
      size_t exponent = at_;
      while (at_ < text_.size() && digit(text_[at_])) ++at_;
      if (at_ == exponent) fail("a number without its exponent");
    }
    const char* from = text_.data() + begin;
    const char* to = text_.data() + at_;
    if (integral) {
      int64_t number = 0;
      if (std::from_chars(from, to, number).ec == std::errc()) return number;
    }
    double number = 0;
    if (std::from_chars(from, to, number).ec != std::errc()) fail("a number out of range");
    return number;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace detail

inline Json Json::parse(std::string_view text) {
  return detail::JsonParser(text).parse();
}

inline void Json::write_string(std::string_view text, std::string& out) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20) {
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  out += '"';
}

inline void Json::write(std::string& out) const {
  struct Writer {
    std::string& out;
    void operator()(std::monostate) const { out += "null"; }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(int64_t value) const {
      char text[24];
      out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
    }
    void operator()(double value) const {
      if (!std::isfinite(value)) {
        out += "null";
        return;
      }
      char text[40];
      out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
    }
    void operator()(const std::string& value) const { write_string(value, out); }
    void operator()(const Array& values) const {
      out += '[';
      for (size_t i = 0; i < values.size(); ++i) {
        if (i) out += ',';
        values[i].write(out);
      }
      out += ']';
    }
    void operator()(const Object& members) const {
      out += '{';
      for (size_t i = 0; i < members.size(); ++i) {
        if (i) out += ',';
        write_string(members[i].first, out);
        out += ':';
        members[i].second.write(out);
      }
      out += '}';
    }
  };
  std::visit(Writer{out}, value_);
}

}  // namespace sluice
