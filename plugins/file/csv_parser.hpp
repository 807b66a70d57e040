// Rows of CSV as RFC 4180 has them: quotes, doubled quotes, newlines inside quotes, LF and CRLF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::file {

struct CsvDialect {
  char delimiter = ',';
  char quote = '"';
  bool header = true;
};

struct CsvField {
  std::string_view text;  // unquoted
  bool quoted = false;
};

// [one thread] Takes one row at a time from the front of a buffer. A quote in the middle of an unquoted field
// stands for itself.
class CsvParser {
 public:
  enum class Outcome {
    row,         // fields() are its fields
    blank,       // an empty line
    need_more,   // the row does not end in the buffer
    open_quote,  // a quote does not close before the end of the file
    bad_quote,   // something follows a closing quote
  };

  explicit CsvParser(const CsvDialect& dialect) : dialect_(dialect) {}

  // `at_end`: nothing comes after `buffer`.
  Outcome parse(std::string_view buffer, bool at_end);

  // Of the last row or blank line; borrowed from the buffer and the parser until the next parse().
  const std::vector<CsvField>& fields() const { return fields_; }
  size_t size() const { return size_; }  // bytes, newline included
  uint64_t newlines() const { return newlines_; }
  bool terminated() const { return terminated_; }  // it ended with a newline
  bool in_quotes() const { return in_quotes_; }    // after need_more: a quote is open

 private:
  enum class FieldEnd { delimiter, row, need_more, open_quote, bad_quote };
  struct Piece {
    size_t begin, size;
    bool unescaped, quoted;  // unescaped: it lies in unescaped_
  };
  FieldEnd quoted_field();
  FieldEnd plain_field();
  FieldEnd after_field();

  const CsvDialect dialect_;
  std::string_view buffer_;
  bool at_end_ = false;
  size_t at_ = 0;
  std::vector<Piece> pieces_;
  std::string unescaped_;
  std::vector<CsvField> fields_;
  size_t size_ = 0;
  uint64_t newlines_ = 0;
  bool terminated_ = false, in_quotes_ = false;
};

}  // namespace sluice::file
