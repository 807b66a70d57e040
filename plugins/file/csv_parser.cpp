#include "csv_parser.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::file {

CsvParser::Outcome CsvParser::parse(std::string_view buffer, bool at_end) {
  buffer_ = buffer;
  at_end_ = at_end;
  at_ = 0;
  pieces_.clear();
  unescaped_.clear();
  fields_.clear();
  newlines_ = 0;
  terminated_ = in_quotes_ = false;
  if (buffer_.empty()) return Outcome::need_more;
  for (;;) {
    const bool quoted = at_ < buffer_.size() && buffer_[at_] == dialect_.quote;
    const FieldEnd end = quoted ? quoted_field() : plain_field();
    if (end == FieldEnd::delimiter) continue;
    if (end == FieldEnd::need_more) return Outcome::need_more;
    if (end == FieldEnd::open_quote) return Outcome::open_quote;
    if (end == FieldEnd::bad_quote) return Outcome::bad_quote;
    break;
  }
  size_ = at_;
  for (const Piece& piece : pieces_)
    fields_.push_back(
        {(piece.unescaped ? std::string_view(unescaped_) : buffer_).substr(piece.begin, piece.size),
         piece.quoted});
  return fields_.size() == 1 && fields_[0].text.empty() && !fields_[0].quoted ? Outcome::blank : Outcome::row;
}

CsvParser::FieldEnd CsvParser::plain_field() {
  const size_t begin = at_;
  while (at_ < buffer_.size() && buffer_[at_] != dialect_.delimiter && buffer_[at_] != '\n') ++at_;
  if (at_ == buffer_.size() && !at_end_) return FieldEnd::need_more;
  size_t end = at_;
  if (at_ < buffer_.size() && buffer_[at_] == '\n' && end > begin && buffer_[end - 1] == '\r') --end;
  pieces_.push_back({begin, end - begin, false, false});
  return after_field();
}

CsvParser::FieldEnd CsvParser::quoted_field() {
  const size_t begin = ++at_, unescaped_begin = unescaped_.size();
  bool doubled = false;
  size_t run = begin;
  for (;;) {
    const void* found = at_ < buffer_.size()
                            ? std::memchr(buffer_.data() + at_, dialect_.quote, buffer_.size() - at_)
                            : nullptr;
    if (!found) {
      in_quotes_ = true;
      return at_end_ ? FieldEnd::open_quote : FieldEnd::need_more;
    }
    at_ = static_cast<size_t>(static_cast<const char*>(found) - buffer_.data());
    if (at_ + 1 == buffer_.size() && !at_end_) return FieldEnd::need_more;
    if (at_ + 1 == buffer_.size() || buffer_[at_ + 1] != dialect_.quote) break;
    doubled = true;
    unescaped_.append(buffer_.substr(run, at_ + 1 - run));
    at_ += 2;
    run = at_;
  }
  const size_t end = at_++;
  newlines_ += static_cast<uint64_t>(std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(begin),
                                                buffer_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
  if (doubled) {
    unescaped_.append(buffer_.substr(run, end - run));
    pieces_.push_back({unescaped_begin, unescaped_.size() - unescaped_begin, true, true});
  } else {
    pieces_.push_back({begin, end - begin, false, true});
  }
  if (at_ < buffer_.size() && buffer_[at_] == '\r') {
    if (at_ + 1 == buffer_.size() && !at_end_) return FieldEnd::need_more;
    if (at_ + 1 < buffer_.size() && buffer_[at_ + 1] == '\n') ++at_;
  }
  return after_field();
}

// At what follows a field: a delimiter, a newline, the end.
CsvParser::FieldEnd CsvParser::after_field() {
  if (at_ == buffer_.size()) return at_end_ ? FieldEnd::row : FieldEnd::need_more;
  const char c = buffer_[at_];
  if (c == dialect_.delimiter) {
    ++at_;
    return FieldEnd::delimiter;
  }
  if (c != '\n') return FieldEnd::bad_quote;
  ++at_;
  ++newlines_;
  terminated_ = true;
  return FieldEnd::row;
}

}  // namespace sluice::file
