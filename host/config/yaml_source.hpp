// What Sluice's configuration files allow beyond what the YAML parser reads.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace sluice::host {

// A file's text made ready for the YAML parser, line by line the same, in three respects:
// - `${env:X}` may stand unquoted in `{ password: ${env:X} }`, where YAML takes braces for its own. While the
//   parser works, other characters stand in for the braces; restore() puts the braces back.
// - JSON writes characters beyond U+FFFF as two escapes (`\ud83d\ude00`), which YAML refuses: in a file that
// is
//   JSON they become one.
// - A quote that is never closed would silently swallow the rest of a file that ends with a newline: a
// document
//   end mark behind the text makes the parser notice.
class YamlSource {
 public:
  explicit YamlSource(std::string_view text);

  const std::string& text() const { return text_; }
  std::string restore(std::string scalar) const;

 private:
  void join_surrogate_escapes();
  void shield_references();
  void mark_end();

  std::string text_;
  std::array<std::string, 2> stand_ins_;  // for the opening and the closing brace; empty when not needed
};

}  // namespace sluice::host
