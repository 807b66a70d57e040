// One batch as rows for SQLite: cells that point into the batch, or into an arena of their own.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sqlite {

// What has been seen in a column, as bits: decides the declared type of a new one.
enum Seen : uint8_t {
  seen_integer = 1,
  seen_real = 2,
  seen_boolean = 4,
  seen_text = 8,
  seen_json = 16,
  seen_blob = 32,
};

struct Cell {
  enum class Kind : uint8_t { null, integer, real, text, blob };
  Kind kind = Kind::null;
  uint8_t seen = 0;
  uint32_t column = 0;  // index into the target's columns
  uint32_t size = 0;    // of text and blob
  union {
    int64_t integer = 0;
    double real;
    const char* data;
  };

  static Cell of(int64_t value, uint8_t seen = seen_integer) {
    Cell cell;
    cell.kind = Kind::integer;
    cell.seen = seen;
    cell.integer = value;
    return cell;
  }
  static Cell of_real(double value) {
    Cell cell;
    cell.kind = Kind::real;
    cell.seen = seen_real;
    cell.real = value;
    return cell;
  }
  static Cell of_bytes(Kind kind, std::string_view bytes, uint8_t seen) {
    Cell cell;
    cell.kind = kind;
    cell.seen = seen;
    cell.size = static_cast<uint32_t>(bytes.size());
    cell.data = bytes.data();
    return cell;
  }
  std::string_view bytes() const { return {data, size}; }
};

// Memory for unescaped strings and the like; freed all at once, pointers stay valid until then.
class Arena {
 public:
  char* take(size_t size) {
    if (used_ + size > capacity_) {
      capacity_ = size > block_size ? size : block_size;
      blocks_.push_back(std::make_unique<char[]>(capacity_));
      used_ = 0;
    }
    char* at = blocks_.back().get() + used_;
    used_ += size;
    return at;
  }
  std::string_view copy(std::string_view text) {
    char* to = take(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }
  // Keeps one block, so that batches of the usual size allocate nothing.
  void clear() {
    if (blocks_.size() > 1) blocks_.resize(1), capacity_ = block_size;
    if (blocks_.size() == 1 && capacity_ > block_size) blocks_.clear(), capacity_ = 0;
    used_ = 0;
  }

 private:
  static constexpr size_t block_size = size_t{1} << 18;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t capacity_ = 0, used_ = 0;  // of the last block
};

struct Row {
  uint32_t record;      // of the batch
  uint32_t begin, end;  // of its cells
  bool is_delete = false;
};

struct Refusal {
  uint32_t record;
  std::string code, reason;
};

struct RowSet {
  std::vector<Cell> cells;
  std::vector<Row> rows;
  std::vector<Refusal> refused;
  Arena arena;

  void clear() {
    cells.clear();
    rows.clear();
    refused.clear();
    arena.clear();
  }
  void refuse(uint32_t record, std::string code, std::string reason) {
    refused.push_back({record, std::move(code), std::move(reason)});
  }
};

}  // namespace sluice::sqlite
