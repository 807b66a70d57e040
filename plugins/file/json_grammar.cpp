#include "json_grammar.hpp"

namespace sluice::file {

namespace {

constexpr size_t deepest = 1024;

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool hex_digit(char c) {
  return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<JsonMistake> scan() {
    if (!value()) return JsonMistake{at_, what_};
    blanks();
    if (at_ < text_.size()) return JsonMistake{at_, "text after the value"};
    return std::nullopt;
  }

 private:
  bool fail(const char* what) {
    what_ = what;
    return false;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  // Open brackets stand in `open_`, so that depth costs no stack.
  bool value() {
    for (;;) {
      blanks();
      if (take('{')) {
        if (!enter('{')) return false;
        blanks();
        if (!take('}')) {
          if (!key()) return false;
          continue;
        }
        open_.pop_back();
      } else if (take('[')) {
        if (!enter('[')) return false;
        blanks();
        if (!take(']')) continue;
        open_.pop_back();
      } else if (!scalar()) {
        return false;
      }
      bool next = false;
      if (!close(next)) return false;
      if (!next) return true;
    }
  }
  // After a value: closes what ends here; `next` says that another value must follow.
  bool close(bool& next) {
    while (!open_.empty()) {
      blanks();
      if (take(',')) {
        next = true;
        return open_.back() == '[' || (blanks(), key());
      }
      if (!take(open_.back() == '[' ? ']' : '}')) return fail("a comma or closing bracket is missing");
      open_.pop_back();
    }
    return true;
  }
  bool enter(char bracket) {
    if (open_.size() >= deepest) return fail("nested too deep");
    open_ += bracket;
    return true;
  }
  bool key() {
    if (!string()) return fail("a key is missing or no string");
    blanks();
    return take(':') || fail("a colon is missing");
  }
  bool scalar() {
    if (at_ >= text_.size()) return fail("a value is missing");
    if (peek() == '"') return string();
    if (peek() == '-' || digit(peek())) return number();
    for (std::string_view word : {"true", "false", "null"})
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return true;
      }
    return fail("a value is missing");
  }
  bool string() {
    if (!take('"')) return fail("a string is missing");
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a string");
      if (c == '\\' && !escape()) return false;
    }
    return fail("a string does not end");
  }
  bool escape() {
    const char c = peek();
    ++at_;
    if (c == 'u') {
      for (int i = 0; i < 4; ++i, ++at_)
        if (!hex_digit(peek())) return fail("a bad \\u escape");
      return true;
    }
    return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos || fail("an unknown escape");
  }
  bool digits() {
    const size_t begin = at_;
    while (digit(peek())) ++at_;
    return at_ > begin || fail("a number without digits");
  }
  bool number() {
    take('-');
    if (take('0')) {
      if (digit(peek())) return fail("a number with a leading zero");
    } else if (!digits()) {
      return false;
    }
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  const std::string_view text_;
  size_t at_ = 0;
  const char* what_ = "";
  std::string open_;
};

}  // namespace

std::optional<JsonMistake> find_json_mistake(std::string_view text) {
  return Scanner(text).scan();
}

}  // namespace sluice::file
