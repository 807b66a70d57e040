// TextReader's look at a chunk: where lines end, which of them are records, and which are refused.
#include <algorithm>
#include <cstring>

#include "line_ends.hpp"
#include "text_reader.hpp"

namespace sluice::file {

namespace {

// How many of the lines that end at `ends` begin before `limit`: the first that ends there or behind it is
// the last of them.
size_t begin_before(uint64_t limit, std::span<const uint32_t> ends) {
  if (ends.empty() || ends.back() <= limit) return ends.size();
  return static_cast<size_t>(std::lower_bound(ends.begin(), ends.end(), limit) - ends.begin()) + 1;
}

}  // namespace

bool TextReader::scan() {
  const uint32_t begin = rules_.json ? scan_json() : scan_lines();
  if (at_end_ && !failure_ && wants_record(begin)) scan_tail(begin);
  done_ = done_ || begin >= slice_limit_;
  const std::string_view rest(data_ + taken_, filled_ - taken_);
  if (pending_ && done_ && taken_ < begin) {
    join_blanks(begin);
  } else if (pending_ && at_end_ && !rest.empty() && is_blank(rest)) {
    join_blanks(filled_);
  } else if (pending_ && !done_ && !at_end_ && !failure_ && chunk_.count() > 0 && holes_.empty() &&
             is_blank(rest)) {
    // Blank lines may follow in the next chunk: the last record waits there for them. Not when it is the only
    // one, nor when a line that was rejected would be read twice.
    taken_ = pending_->begin;
    taken_lines_ = pending_->lines_before;
    pending_.reset();
  }
  mark_pending();
  return taken_ > 0;
}

// Whether a record that begins at `begin` belongs to this chunk.
bool TextReader::wants_record(uint32_t begin) const {
  return chunk_.count() + (pending_ ? 1u : 0u) < record_limit_ && taken_ < byte_limit_ &&
         begin < slice_limit_;
}

// Every line is a record: their ends go straight to where the batch has them.
uint32_t TextReader::scan_lines() {
  std::span<uint32_t> ends = chunk_.marks();
  ends = ends.first(std::min<uint64_t>(ends.size(), record_limit_));
  if (!wants_record(0)) return 0;
  ends = ends.first(find_line_ends(data_, 0, filled_, ends));
  const auto count = static_cast<uint32_t>(begin_before(std::min(byte_limit_, slice_limit_), ends));
  chunk_.marked(count);
  taken_ = chunk_.end();
  lines_ = taken_lines_ = count;
  return taken_;
}

uint32_t TextReader::scan_json() {
  uint32_t begin = 0;
  while (wants_record(begin)) {
    const JsonBlocks::Lines lines = blocks_->from(begin);
    const uint32_t end = lines.ends.empty()  ? take_long_line(begin)
                         : lines.are.empty() ? take_documents(lines.ends)
                                             : take_lines(begin, lines);
    if (end == begin) break;
    begin = end;
  }
  blocks_->finish();
  return begin;
}

// Each of the lines that begin at taken_ and end at `ends` is a record, as far as they are wanted.
uint32_t TextReader::take_documents(std::span<const uint32_t> ends) {
  mark_pending();
  ends = ends.first(std::min<uint64_t>(ends.size(), record_limit_ - chunk_.count()));
  ends = ends.first(begin_before(std::min(byte_limit_, slice_limit_), ends));
  const std::span<const uint32_t> before = ends.first(ends.size() - 1);
  std::transform(before.begin(), before.end(), chunk_.marks().begin(),
                 [&](uint32_t end) { return end - dropped_; });
  chunk_.marked(static_cast<uint32_t>(before.size()));
  lines_ += static_cast<uint32_t>(ends.size());
  pending_ = Pending{before.empty() ? taken_ : before.back(), before.empty() ? taken_lines_ : lines_ - 1,
                     ends.back() - dropped_};
  taken_ = ends.back();
  taken_lines_ = lines_;
  return taken_;
}

uint32_t TextReader::take_lines(uint32_t begin, const JsonBlocks::Lines& lines) {
  for (size_t i = 0; i < lines.ends.size() && wants_record(begin); ++i) {
    take_line(begin, lines.ends[i], lines.are[i]);
    begin = lines.ends[i];
  }
  return begin;
}

// Longer than a block. `begin` itself when it has no end in this chunk.
uint32_t TextReader::take_long_line(uint32_t begin) {
  const void* newline = std::memchr(data_ + begin, '\n', filled_ - begin);
  if (!newline) return begin;
  const auto end = static_cast<uint32_t>(static_cast<const char*>(newline) - data_) + 1;
  take_line(begin, end, JsonLines::Found::unsure);
  return end;
}

// The end of the file: [begin, filled_) has no newline, and blank lines may stand before it.
void TextReader::scan_tail(uint32_t begin) {
  const std::string_view tail(data_ + begin, filled_ - begin);
  if (!rules_.json) {
    if (tail.empty()) return;
    chunk_.mark(filled_);
    taken_ = filled_;
    return;
  }
  if (is_blank(tail)) return;
  const auto reason = validator_.reason_against(tail);
  if (!reason) {
    accept(filled_);
  } else if (task_.incremental) {
    done_ = true;
    host_.log(LogLevel::warning,
              "the last line of " + task_.name + " is not whole yet and is left for the next run",
              Json::object({{"where", where(position_.lines() + lines_, position_.offset() + begin)},
                            {"bytes", uint64_t{tail.size()}}}));
  } else {
    reject_line(begin, filled_, *reason + " (the file ends in this line)");
  }
}

// A line of NDJSON, newline included.
void TextReader::take_line(uint32_t begin, uint32_t end, JsonLines::Found found) {
  ++lines_;
  if (found == JsonLines::Found::document) return accept(end);
  const std::string_view line(data_ + begin, end - begin);
  if (is_blank(line)) return;
  if (rules_.validate_json)
    if (const auto reason = validator_.reason_against(line)) {
      reject_line(begin, end, *reason);
      return;
    }
  accept(end);
}

void TextReader::accept(uint32_t end) {
  mark_pending();
  pending_ = Pending{taken_, taken_lines_, end - dropped_};
  taken_ = end;
  taken_lines_ = lines_;
}

// [taken_, end) holds blank lines: they become part of the last record.
void TextReader::join_blanks(uint32_t end) {
  pending_->end = end - dropped_;
  taken_ = end;
  taken_lines_ = lines_;
}

void TextReader::mark_pending() {
  if (pending_) chunk_.mark(pending_->end);
  pending_.reset();
}

// When the run tolerates no more, what was good before the line is handed over first, with a checkpoint in
// front of it.
void TextReader::reject_line(uint32_t begin, uint32_t end, const std::string& reason) {
  const bool terminated = data_[end - 1] == '\n';
  const std::string_view value(data_ + begin, end - begin - (terminated ? 1u : 0u));
  const uint64_t lines_before = position_.lines() + lines_ - (terminated ? 1u : 0u);
  try {
    out_.reject("E_JSON_INVALID", reason, where(lines_before, position_.offset() + begin), value);
  } catch (const Error&) {
    const std::exception_ptr refused = std::current_exception();
    try {
      mark_pending();
      blocks_->finish();
      publish(taken_);
    } catch (const Error&) {  // the refusal tells more
    }
    std::rethrow_exception(refused);
  }
  // Blank lines before it stay in place and join the next record.
  holes_.emplace_back(begin, end);
  dropped_ += end - begin;
  taken_ = end;
  taken_lines_ = lines_;
}

}  // namespace sluice::file
