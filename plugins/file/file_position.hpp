// Where a source stands in a file, and how it finds back there after files were rotated, cut or replaced.
#pragma once

#include <sluice/host_services.hpp>
#include <string>
#include <string_view>

#include "byte_input.hpp"

namespace sluice::file {

// Offset and lines consumed, and what identifies the file: hashes of its first bytes and of those just before
// the offset. Both lie before the offset, so appending never changes them.
class FilePosition {
 public:
  uint64_t offset() const { return offset_; }
  uint64_t lines() const { return lines_; }

  // The content goes on with `bytes`, in which `lines` newlines were.
  void advance(std::string_view bytes, uint64_t lines);
  // {"file": {"prefixBytes", "prefix", "tail"}, "offset", "line"}
  Json to_json() const;

  // Stands at `offset` of a seekable input, with `lines` before it, and moves the input there.
  static FilePosition at(ByteInput& input, uint64_t offset, uint64_t lines);

 private:
  std::string prefix_;               // the first bytes, up to 4096
  mutable std::string prefix_hash_;  // of a full prefix
  std::string tail_;                 // up to 64 bytes before offset_
  uint64_t offset_ = 0, lines_ = 0;
};

// What a checkpoint says, or E_CHECKPOINT: it is of another kind of source.
struct Checkpoint {
  uint64_t prefix_bytes, offset, lines;
  std::string prefix, tail;

  explicit Checkpoint(const Json& json);
};

struct Resumed {
  FilePosition position;
  std::string refusal;  // why the checkpoint does not fit this file; empty: it does
};

// Moves `input`, which is at its start, to the checkpoint. When it does not fit, the input's place is
// undefined.
Resumed resume(ByteInput& input, const Checkpoint& checkpoint, const HostServices& host);

// Reads until `size` bytes are there or the content ends.
size_t read_fully(ByteInput& input, char* to, size_t size);

}  // namespace sluice::file
