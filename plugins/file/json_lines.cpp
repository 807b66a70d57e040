#include "json_lines.hpp"

#include <simdjson.h>

#include <cstring>
#include <new>

#include "json_scalar.hpp"

namespace sluice::file {

namespace {

// The walk looks where it is at every value and behind it: it never gets further than this behind the block.
constexpr uint32_t sentinels = 8;
constexpr unsigned deepest = 64;  // one bit a level

}  // namespace

struct JsonLines::Parser {
  simdjson::dom::parser dom;
};

JsonLines::JsonLines() : parser_(std::make_unique<Parser>()) {
  if (parser_->dom.allocate(largest_block + sentinels) != simdjson::SUCCESS) throw std::bad_alloc();
}
JsonLines::~JsonLines() = default;

void JsonLines::take(const char* data, uint32_t begin, uint32_t end) {
  block_ = data + begin;
  begin_ = begin;
  token_ = nullptr;
  const uint32_t size = end - begin;
  auto& found = *parser_->dom.implementation;
  if (found.stage1(reinterpret_cast<const uint8_t*>(block_), size, simdjson::stage1_mode::regular) !=
      simdjson::SUCCESS)
    return;
  uint32_t* tokens = found.structural_indexes.get();
  for (uint32_t i = 0; i < sentinels; ++i) tokens[found.n_structural_indexes + i] = size;
  token_ = tokens;
  find_doubtful_escapes({block_, size});
}

// The first stage lets every escape pass. Those that are wrong, and surrogates, of which simdjson takes some
// and not others, stand for their lines.
void JsonLines::find_doubtful_escapes(std::string_view block) {
  doubtful_.clear();
  const char* at = block.data();
  const char* const end = at + block.size();
  while ((at = static_cast<const char*>(std::memchr(at, '\\', static_cast<size_t>(end - at))))) {
    const size_t length = json_escape_length(at);
    if (length == 0) doubtful_.push_back(static_cast<uint32_t>(at - block.data()));
    at += length == 0 ? 2 : length;
    if (at >= end) break;
  }
  doubtful_.push_back(UINT32_MAX);
  doubt_ = doubtful_.data();
}

JsonLines::Found JsonLines::next(uint32_t end) {
  if (!token_) return Found::unsure;
  end -= begin_;
  if (*token_ >= end) return Found::blank;
  const uint32_t* behind = past_document(end);
  const bool sure = behind && *doubt_ >= end;
  while (*doubt_ < end) ++doubt_;
  if (behind)
    token_ = behind;
  else
    while (*token_ < end) ++token_;
  return sure ? Found::document : Found::unsure;
}

// The token behind the document that begins at token_, when that is one, ends before `end`, and nothing else
// does; else null. Tokens are the brackets, commas and colons outside strings, and the first bytes of strings
// and of all else. Nothing but blanks lies between a string and the next token; what lies behind a number or
// a word is to be looked at.
const uint32_t* JsonLines::past_document(uint32_t end) const {
  const char* const text = block_;
  const uint32_t* token = token_;
  uint64_t objects = 0;  // open brackets, the innermost in the lowest bit; 1: an object
  unsigned depth = 0;
  const auto take_key = [&] {
    const bool key = text[token[0]] == '"' && text[token[1]] == ':';
    token += 2;
    return key;
  };
  for (;;) {
    // What is read from here on ends before the line does.
    if (*token >= end) return nullptr;
    const char* at = text + *token;
    switch (*at) {
      case '"':
        break;
      case '{':
      case '[':
        if (depth == deepest) return nullptr;
        objects = objects << 1 | (*at == '{' ? 1u : 0u);
        ++depth;
        if (text[token[1]] == *at + 2) break;  // closed at once
        ++token;
        if ((objects & 1u) && !take_key()) return nullptr;
        continue;
      case 't':
        if (!is_json_word(at, "true")) return nullptr;
        break;
      case 'f':
        if (!is_json_word(at, "false")) return nullptr;
        break;
      case 'n':
        if (!is_json_word(at, "null")) return nullptr;
        break;
      default:
        if (!is_json_number(at)) return nullptr;
    }
    // A value is over: so may be what it stands in.
    for (;; --depth, objects >>= 1) {
      ++token;
      if (depth == 0) return *token >= end ? token : nullptr;
      if (*token >= end) return nullptr;
      const char c = text[*token];
      if (c == ',') break;
      if (c != (objects & 1u ? '}' : ']')) return nullptr;
    }
    ++token;
    if ((objects & 1u) && !take_key()) return nullptr;
  }
}

}  // namespace sluice::file
