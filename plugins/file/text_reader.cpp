#include "text_reader.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::file {

namespace {

constexpr size_t shown_of_oversized = 4096;
// While the reader reads so much, its helpers validate what it read before.
constexpr uint64_t read_ahead = uint64_t{256} << 10;

uint64_t count_lines(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

Slice Slice::from_json(const Json& json) {
  const int64_t begin = json.at("begin").as_integer(), end = json.at("end").as_integer();
  if (begin < 0 || end < begin)
    throw Error(ErrorClass::config, "E_SLICE_INVALID", "the slice " + json.dump() + " is no range of bytes");
  return {static_cast<uint64_t>(begin), static_cast<uint64_t>(end),
          begin == 0 || json.boolean("aligned", false)};
}

Json Slice::to_json() const {
  Json out = Json::object({{"begin", begin}, {"end", end}});
  if (aligned) out.set("aligned", true);
  return out;
}

TextReader::TextReader(const HostServices& host, ByteInput& input, FilePosition position,
                       const TextRules& rules, TextTask task, SourceWriter& out)
    : host_(host),
      input_(input),
      position_(std::move(position)),
      rules_(rules),
      task_(std::move(task)),
      out_(out),
      chunk_(out, '\n'),
      published_offset_(task_.published.value_or(UINT64_MAX)) {
  static_assert(JsonValidator::padding <= 1024, "a chunk has that much room behind its values");
  if (rules.json) blocks_.emplace(task_.threads, rules.validate_json);
}

void TextReader::run() {
  found_first_line_ = find_first_line();
  counted_bytes_ = input_.seekable() ? position_.offset() : input_.consumed();
  while (found_first_line_ && wants_more()) {
    fill();
    const bool progress = scan();
    if (failure_ || at_end_ || done_ || progress) {
      const uint32_t consumed = taken_;
      publish(consumed);
      size_next_read(consumed);
    } else if (filled_ < chunk_.max_value()) {
      grow();
    } else {
      carry_.assign(data_, filled_);
      chunk_.abandon();
      reject_oversized();
    }
    if (failure_) std::rethrow_exception(failure_);
    if (done_ || (at_end_ && !progress)) break;
  }
  finish();
}

bool TextReader::wants_more() const {
  if (out_.remaining_records() == 0 || out_.remaining_bytes() == 0) return false;
  if (task_.slice && position_.offset() >= task_.slice->end) return false;
  return !(at_end_ && carry_.empty());
}

// An unaligned slice begins behind the first newline at or after the byte before it. False when its first
// line begins in another slice.
bool TextReader::find_first_line() {
  if (!task_.slice || task_.slice->aligned || position_.offset() > task_.slice->begin) return true;
  uint64_t offset = task_.slice->begin - 1;
  input_.seek(offset);
  std::vector<char> piece(size_t{64} << 10);
  for (;;) {
    host_.throw_if_cancelled();
    const size_t got = input_.read(piece.data(), piece.size());
    const void* newline = std::memchr(piece.data(), '\n', got);
    if (newline) offset += static_cast<uint64_t>(static_cast<const char*>(newline) - piece.data()) + 1;
    if (got == 0 || (newline && offset >= task_.slice->end) || (!newline && offset + got >= task_.slice->end))
      return false;
    if (newline) break;
    offset += got;
  }
  position_ = FilePosition::at(input_, offset, 0);
  return true;
}

void TextReader::fill() {
  const uint64_t wanted = std::max<uint64_t>(std::exchange(min_room_, 0), carry_.size() + 1);
  const std::span<char> room = chunk_.open(std::min(wanted, chunk_.max_value()));
  data_ = room.data();
  holes_.clear();
  pending_.reset();
  lines_ = taken_ = taken_lines_ = dropped_ = 0;

  record_limit_ = std::min<uint64_t>(out_.max_batch_records(), out_.remaining_records());
  byte_limit_ = out_.remaining_bytes();
  slice_limit_ = UINT64_MAX;
  uint64_t target = read_size_ ? std::min<uint64_t>(read_size_, room.size()) : room.size();
  if (task_.slice) {
    const uint64_t left = slice_limit_ = task_.slice->end - position_.offset();
    // A little more than the slice, for the line that reaches over its end.
    if (carry_.size() < left + 4096) target = std::min(target, left + 4096);
  }

  std::memcpy(data_, carry_.data(), carry_.size());
  filled_ = static_cast<uint32_t>(carry_.size());
  if (blocks_) blocks_->begin(data_);
  const uint64_t piece = blocks_ && blocks_->works_ahead() ? read_ahead : target;
  try {
    while (!at_end_ && filled_ < target) {
      const size_t got = input_.read(data_ + filled_, std::min(piece, target - filled_));
      at_end_ = got == 0;
      filled_ += static_cast<uint32_t>(got);
      if (blocks_) blocks_->filled(filled_);
    }
  } catch (const Error&) {
    failure_ = std::current_exception();
  }
}

void TextReader::grow() {
  carry_.assign(data_, filled_);
  chunk_.abandon();
  min_room_ = uint64_t{filled_} * 2;
  read_size_ = 0;
}

// carry_ is the beginning of a record that no frame can hold. The rest of its line is passed over, however
// long.
void TextReader::reject_oversized() {
  const size_t blanks = rules_.json ? std::min(carry_.find_first_not_of(" \t\r\n"), carry_.size()) : 0;
  const uint64_t lines_before = position_.lines() + count_lines({carry_.data(), blanks});
  out_.reject(
      "E_RECORD_TOO_LARGE",
      "a record of more than " + std::to_string(chunk_.max_value()) + " bytes; raise policy.staging.maxBytes",
      where(lines_before, position_.offset()), std::string_view(carry_).substr(blanks, shown_of_oversized));
  position_.advance(carry_, count_lines(carry_));
  carry_.clear();
  // What is read too far must fit into a chunk.
  std::vector<char> piece(std::min<uint64_t>(uint64_t{64} << 10, chunk_.max_value()));
  while (!at_end_) {
    host_.throw_if_cancelled();
    const size_t got = input_.read(piece.data(), piece.size());
    at_end_ = got == 0;
    const char* newline = static_cast<const char*>(std::memchr(piece.data(), '\n', got));
    const size_t passed = newline ? static_cast<size_t>(newline - piece.data()) + 1 : got;
    position_.advance({piece.data(), passed}, newline ? 1 : 0);
    carry_.assign(piece.data() + passed, got - passed);
    if (newline) return;
  }
}

void TextReader::publish(uint32_t consumed) {
  carry_.assign(data_ + consumed, filled_ - consumed);
  position_.advance({data_, consumed}, taken_lines_);
  uint32_t closed = 0;
  for (size_t i = 0; i < holes_.size(); ++i) {
    const uint32_t from = holes_[i].second, to = i + 1 < holes_.size() ? holes_[i + 1].first : consumed;
    closed += from - holes_[i].first;
    std::memmove(data_ + from - closed, data_ + from, to - from);
  }
  if (chunk_.count() == 0) {
    chunk_.abandon();
    return;
  }
  const bool undelimited = data_[chunk_.end() - 1] != '\n';
  chunk_.publish(checkpoint(), take_bytes_read(), undelimited);
  published_offset_ = position_.offset();
}

// Records so short that the policy's count fills before the room does: read no more than a batch takes,
// because what is over is copied.
void TextReader::size_next_read(uint32_t consumed) {
  if (!carry_.empty() && carry_.size() > consumed / 4 && consumed > 0 && min_room_ == 0)
    read_size_ = uint64_t{consumed} + 4096;
  else if (read_size_ > 0)
    read_size_ += read_size_ / 4;
}

void TextReader::finish() {
  const uint64_t bytes = take_bytes_read();
  if (bytes > 0 || position_.offset() != published_offset_) out_.publish_checkpoint(checkpoint(), bytes);
}

std::string TextReader::where(uint64_t lines_before, uint64_t byte) const {
  if (task_.slice && task_.slice->begin > 0) return task_.name + " at byte " + std::to_string(byte);
  return task_.name + ":" + std::to_string(lines_before + 1);
}

std::string TextReader::checkpoint() const {
  Json out = position_.to_json();
  if (task_.slice) out.set("slice", task_.slice->to_json());
  if (!found_first_line_) out.set("empty", true);
  return out.dump();
}

uint64_t TextReader::take_bytes_read() {
  const uint64_t now = input_.seekable() ? position_.offset() : input_.consumed();
  return now - std::exchange(counted_bytes_, now);
}

}  // namespace sluice::file
