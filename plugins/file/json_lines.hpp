// Validation of many lines of JSON at once: one pass of simdjson's first stage over a block of lines (UTF-8,
// strings, where tokens begin), then a walk from token to token that builds nothing and converts no number.
// Three times the speed of a parse a line.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::file {

// [one thread] Quick to say yes, and never says no: a line that it does not vouch for is for JsonValidator,
// which has the last word and the reason. What it vouches for, JsonValidator accepts.
class JsonLines {
 public:
  enum class Found { document, blank, unsure };

  // Larger blocks leave the cache before they are walked; one bad line costs its block the quick way.
  static constexpr uint32_t largest_block = uint32_t{64} << 10;

  JsonLines();
  ~JsonLines();
  JsonLines(const JsonLines&) = delete;
  JsonLines& operator=(const JsonLines&) = delete;

  // [begin, end) of `data` are whole lines, at most largest_block bytes; JsonValidator::padding bytes behind
  // them are readable. Borrowed until the last next().
  void take(const char* data, uint32_t begin, uint32_t end);
  // The block's next line, which ends (newline included) at `end`, counted as in take().
  Found next(uint32_t end);

 private:
  struct Parser;

  const uint32_t* past_document(uint32_t end) const;
  void find_doubtful_escapes(std::string_view block);

  const std::unique_ptr<Parser> parser_;
  const char* block_ = nullptr;
  uint32_t begin_ = 0;               // of the block in the caller's count
  const uint32_t* token_ = nullptr;  // the next one; null: the first stage refuses the block
  std::vector<uint32_t> doubtful_;   // places in the block, and one behind all
  const uint32_t* doubt_ = nullptr;  // the next of them
};

}  // namespace sluice::file
