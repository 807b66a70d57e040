// The read loop of the text sources: chunks of the file straight into staging, records marked in place.
#pragma once

#include <exception>
#include <optional>
#include <sluice/batch/document_chunk.hpp>
#include <sluice/host_services.hpp>
#include <string>
#include <vector>

#include "byte_input.hpp"
#include "file_position.hpp"
#include "json_blocks.hpp"
#include "json_validator.hpp"

namespace sluice::file {

// What a record is: any line, or a line with one JSON document in it.
struct TextRules {
  bool json;                  // blank lines are no records; an unterminated last line must be whole to be one
  bool validate_json = true;  // every line, not the unterminated one alone
};

// Part of a file by bytes: the lines that begin in [begin, end).
struct Slice {
  uint64_t begin, end;
  bool aligned;  // a line begins at `begin`; else the first one behind it is sought

  static Slice from_json(const Json& json);
  Json to_json() const;
};

struct TextTask {
  std::string name;  // for messages: the file's path
  bool incremental = false;
  std::optional<Slice> slice = {};
  std::optional<uint64_t> published = {};  // the offset that the caller's checkpoint has already
  uint32_t threads = 1;                    // that the read may keep busy
};

// [one thread] One read of one file from where `input` and `position` stand. Every byte from there to the end
// goes into a record, in order and unchanged, but for lines that are rejected and for blank lines that no
// record of their batch can take.
class TextReader {
 public:
  TextReader(const HostServices& host, ByteInput& input, FilePosition position, const TextRules& rules,
             TextTask task, SourceWriter& out);

  void run();

 private:
  bool wants_more() const;
  bool find_first_line();
  void fill();
  // Finds, checks and marks the records of the chunk. False when it holds no whole record and the file goes
  // on.
  bool scan();
  bool wants_record(uint32_t begin) const;
  uint32_t scan_lines();
  uint32_t scan_json();
  uint32_t take_documents(std::span<const uint32_t> ends);
  uint32_t take_lines(uint32_t begin, const JsonBlocks::Lines& lines);
  uint32_t take_long_line(uint32_t begin);
  void take_line(uint32_t begin, uint32_t end, JsonLines::Found found);
  void scan_tail(uint32_t begin);
  void accept(uint32_t end);
  void join_blanks(uint32_t end);
  void mark_pending();
  void reject_line(uint32_t begin, uint32_t end, const std::string& reason);
  void grow();
  void reject_oversized();
  void publish(uint32_t consumed);
  void size_next_read(uint32_t consumed);
  void finish();

  std::string where(uint64_t lines_before, uint64_t byte) const;
  std::string checkpoint() const;
  uint64_t take_bytes_read();

  const HostServices& host_;
  ByteInput& input_;
  FilePosition position_;  // of the chunk's first byte
  const TextRules rules_;
  const TextTask task_;
  SourceWriter& out_;
  DocumentChunk chunk_;
  JsonValidator validator_;
  std::optional<JsonBlocks> blocks_;  // of JSON

  // The chunk under construction. Places in it count raw bytes from its start: lines that are rejected are
  // closed up only when it is published, so that until then the file's own bytes are in sight.
  char* data_ = nullptr;
  uint32_t filled_ = 0;
  uint64_t record_limit_ = 0;                         // records that this chunk may have
  uint64_t byte_limit_ = 0;                           // and bytes, but for the last one
  uint64_t slice_limit_ = 0;                          // lines that begin there are another slice's
  uint32_t lines_ = 0;                                // newlines passed by the scan
  uint32_t taken_ = 0;                                // end of the last record or rejected line
  uint32_t taken_lines_ = 0;                          // newlines before it
  uint32_t dropped_ = 0;                              // bytes of rejected lines so far
  std::vector<std::pair<uint32_t, uint32_t>> holes_;  // rejected lines

  // The last record is marked only when the next one begins, because blank lines may still join it.
  struct Pending {
    uint32_t begin, lines_before, end;  // end: where it will lie, holes closed
  };
  std::optional<Pending> pending_;

  bool at_end_ = false;         // all bytes are read
  bool done_ = false;           // the slice is done, or an unterminated line waits for the next run
  std::exception_ptr failure_;  // of the input: thrown when all before it is published
  std::string carry_;           // bytes that are read and not consumed
  uint64_t min_room_ = 0;       // the next chunk must have it
  uint64_t read_size_ = 0;      // to what a chunk is filled; 0: all of its room
  uint64_t counted_bytes_ = 0;  // told in bytes_read
  uint64_t published_offset_ = UINT64_MAX;
  bool found_first_line_ = true;
};

}  // namespace sluice::file
