#include "host/config/yaml_source.hpp"

#include <boost/json.hpp>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>

namespace sluice::host {
namespace {

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

// The UTF-8 form of U+10FF00 + index: private use, of no meaning to anybody.
std::string private_character(unsigned index) {
  unsigned code = 0x10FF00u + index;
  return {static_cast<char>(0xF0u | (code >> 18)), static_cast<char>(0x80u | ((code >> 12) & 0x3Fu)),
          static_cast<char>(0x80u | ((code >> 6) & 0x3Fu)), static_cast<char>(0x80u | (code & 0x3Fu))};
}

std::optional<std::uint32_t> unicode_escape_at(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  std::uint32_t code = 0;
  const char* end = text.data() + at + 6;
  if (std::from_chars(text.data() + at + 2, end, code, 16).ptr != end) return std::nullopt;
  return code;
}

std::string replaced(const std::string& text, std::string_view from, char to) {
  std::string out;
  std::size_t done = 0;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, done)) {
    out.append(text, done, at - done);
    out += to;
    done = at + from.size();
  }
  return out.append(text, done);
}

}  // namespace

YamlSource::YamlSource(std::string_view text) : text_(text) {
  join_surrogate_escapes();
  shield_references();
  mark_end();
}

void YamlSource::join_surrogate_escapes() {
  auto first = text_.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || text_[first] != '{') return;
  if (text_.find("\\ud") == std::string::npos && text_.find("\\uD") == std::string::npos) return;
  boost::json::error_code failure;
  boost::json::parse(text_, failure);
  if (failure) return;
  // In JSON a backslash only stands in a string, where it takes the next character with it.
  std::string out;
  for (std::size_t at = 0; at < text_.size();) {
    auto high = unicode_escape_at(text_, at);
    auto low = high && *high >= 0xD800 && *high <= 0xDBFF ? unicode_escape_at(text_, at + 6) : std::nullopt;
    if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
      char escape[16];
      std::snprintf(escape, sizeof escape, "\\U%08X",
                    0x10000u + ((*high - 0xD800u) << 10) + (*low - 0xDC00u));
      out += escape;
      at += 12;
    } else {
      std::size_t size = text_[at] == '\\' && at + 1 < text_.size() ? 2 : 1;
      out.append(text_, at, size);
      at += size;
    }
  }
  text_ = std::move(out);
}

void YamlSource::shield_references() {
  if (text_.find("${env:") == std::string::npos && text_.find("${file:") == std::string::npos) return;
  // Two characters that the file has neither as such nor as an escape.
  std::string folded = upper(text_);
  std::size_t found = 0;
  for (unsigned index = 0; index < 0x100 && found < 2; ++index) {
    char escape[8];
    std::snprintf(escape, sizeof escape, "10FF%02X", index);
    std::string candidate = private_character(index);
    if (folded.find(escape) == std::string::npos && text_.find(candidate) == std::string::npos)
      stand_ins_[found++] = candidate;
  }
  if (found < 2) {
    stand_ins_ = {};
    return;
  }
  std::string out;
  std::size_t done = 0;
  for (auto at = text_.find("${"); at != std::string::npos; at = text_.find("${", at + 2)) {
    std::string_view rest = std::string_view(text_).substr(at + 2);
    if (!rest.starts_with("env:") && !rest.starts_with("file:")) continue;
    auto end = text_.find_first_of("}{\n\r", at + 2);
    if (end == std::string::npos || text_[end] != '}') continue;
    out.append(text_, done, at + 1 - done);
    out += stand_ins_[0];
    out.append(text_, at + 2, end - at - 2);
    out += stand_ins_[1];
    done = end + 1;
  }
  out.append(text_, done);
  text_ = std::move(out);
}

void YamlSource::mark_end() {
  if (text_.ends_with('\n')) text_ += "...\n";
}

std::string YamlSource::restore(std::string scalar) const {
  if (stand_ins_[0].empty()) return scalar;
  return replaced(replaced(scalar, stand_ins_[0], '{'), stand_ins_[1], '}');
}

}  // namespace sluice::host
