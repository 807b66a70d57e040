// Reading a batch in place. `check_frame` decides whether bytes are a well-formed frame; a BatchView then
// trusts them. Format: docs/batch-format.md.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/batch/types.hpp"
#include "sluice/batch/utf8.hpp"
#include "sluice/error.hpp"

namespace sluice {

namespace detail {

constexpr uint64_t align_up(uint64_t size) {
  return (size + SLUICE_FRAME_ALIGNMENT - 1) & ~static_cast<uint64_t>(SLUICE_FRAME_ALIGNMENT - 1);
}

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline bool bit(const std::byte* bits, uint64_t index) {
  return (std::to_integer<uint32_t>(bits[index >> 3]) >> (index & 7u)) & 1u;
}

}  // namespace detail

// One column of a frame; borrowed from it.
class ColumnView {
 public:
  ColumnView(const std::byte* frame, const sluice_frame_column& column)
      : frame_(frame),
        column_(column),
        validity_(frame + column.validity.offset),
        offsets_(frame + column.offsets.offset),
        data_(frame + column.data.offset) {}

  std::string_view name() const {
    return {reinterpret_cast<const char*>(frame_ + column_.name.offset), column_.name.size};
  }
  Type type() const { return static_cast<Type>(column_.type); }
  uint32_t role() const { return column_.role; }
  uint32_t null_count() const { return column_.null_count; }
  const sluice_frame_column& entry() const { return column_; }

  bool is_null(uint32_t row) const { return column_.null_count != 0 && !detail::bit(validity_, row); }
  bool boolean(uint32_t row) const { return detail::bit(data_, row); }
  int64_t int64(uint32_t row) const { return detail::load<int64_t>(data_ + size_t{row} * 8); }
  double float64(uint32_t row) const { return detail::load<double>(data_ + size_t{row} * 8); }
  int32_t date32(uint32_t row) const { return detail::load<int32_t>(data_ + size_t{row} * 4); }
  int64_t timestamp(uint32_t row) const { return int64(row); }
  uint32_t offset(uint32_t row) const { return detail::load<uint32_t>(offsets_ + size_t{row} * 4); }
  // utf8, binary and json.
  std::string_view text(uint32_t row) const {
    uint32_t begin = offset(row);
    return {reinterpret_cast<const char*>(data_) + begin, offset(row + 1) - begin};
  }

 private:
  const std::byte* frame_;
  sluice_frame_column column_;
  const std::byte *validity_, *offsets_, *data_;
};

// A well-formed frame, read-only and borrowed. Cheap to copy.
class BatchView {
 public:
  // `frame` must have passed check_frame.
  explicit BatchView(std::span<const std::byte> frame) : frame_(frame.data()) {
    std::memcpy(&header_, frame_, sizeof header_);
  }

  const sluice_frame_header& header() const { return header_; }
  std::span<const std::byte> bytes() const { return {frame_, header_.frame_size}; }
  bool is_table() const { return header_.kind == SLUICE_KIND_TABLE; }
  uint32_t size() const { return header_.record_count; }
  uint64_t sequence() const { return header_.sequence; }
  uint32_t column_count() const { return header_.column_count; }
  // The attached checkpoint as JSON text; empty when there is none.
  std::string_view checkpoint() const {
    return {reinterpret_cast<const char*>(frame_) + header_.checkpoint.offset, header_.checkpoint.size};
  }
  ColumnView column(uint32_t index) const {
    return {frame_, detail::load<sluice_frame_column>(frame_ + header_.header_size + size_t{index} * 64)};
  }
  std::optional<ColumnView> column_of_role(uint32_t role) const {
    for (uint32_t i = 0; i < header_.column_count; ++i)
      if (ColumnView candidate = column(i); candidate.role() == role) return candidate;
    return std::nullopt;
  }

 private:
  const std::byte* frame_;
  sluice_frame_header header_;
};

// The documents of a batch: values without their delimiter, and the optional columns beside them.
class DocumentsView {
 public:
  explicit DocumentsView(const BatchView& batch)
      : batch_(batch),
        values_(batch.column_count() ? batch.column(0) : ColumnView(batch.bytes().data(), {})),
        key_(batch.column_of_role(SLUICE_COLUMN_KEY)),
        op_(batch.column_of_role(SLUICE_COLUMN_OP)),
        time_(batch.column_of_role(SLUICE_COLUMN_EVENT_TIME)),
        headers_(batch.column_of_role(SLUICE_COLUMN_HEADERS)) {}

  uint32_t size() const { return batch_.size(); }
  bool delimited() const { return batch_.header().flags & SLUICE_FRAME_DELIMITED; }
  bool last_delimited() const {
    return delimited() && !(batch_.header().flags & SLUICE_FRAME_LAST_UNDELIMITED);
  }
  char delimiter() const { return static_cast<char>(batch_.header().delimiter); }

  std::string_view value(uint32_t row) const {
    std::string_view text = values_.text(row);
    if (delimited() && (row + 1 < size() || last_delimited())) text.remove_suffix(1);
    return text;
  }
  // All values one after another, delimiters included: what a text sink writes as it stands.
  std::string_view all_bytes() const {
    if (size() == 0) return {};
    std::string_view first = values_.text(0);
    return {first.data(), values_.offset(size()) - values_.offset(0)};
  }
  std::optional<std::string_view> key(uint32_t row) const {
    if (!key_ || key_->is_null(row)) return std::nullopt;
    return key_->text(row);
  }
  bool is_delete(uint32_t row) const { return op_ && op_->int64(row) == 1; }
  std::optional<int64_t> event_time(uint32_t row) const {
    if (!time_ || time_->is_null(row)) return std::nullopt;
    return time_->timestamp(row);
  }
  std::optional<std::string_view> headers(uint32_t row) const {
    if (!headers_ || headers_->is_null(row)) return std::nullopt;
    return headers_->text(row);
  }

 private:
  BatchView batch_;
  ColumnView values_;
  std::optional<ColumnView> key_, op_, time_, headers_;
};

namespace detail {

class FrameChecker {
 public:
  explicit FrameChecker(std::span<const std::byte> bytes) : bytes_(bytes) {}

  Status check() {
    if (bytes_.size() < sizeof(sluice_frame_header)) return bad("shorter than a header");
    std::memcpy(&header_, bytes_.data(), sizeof header_);
    if (header_.magic != SLUICE_FRAME_MAGIC) return bad("magic is wrong");
    if (header_.version != SLUICE_FRAME_VERSION)
      return bad("format version is " + std::to_string(header_.version) + ", this reader knows 1");
    if (header_.kind != SLUICE_KIND_DOCUMENTS && header_.kind != SLUICE_KIND_TABLE)
      return bad("kind is unknown");
    if (header_.frame_size != bytes_.size() || header_.frame_size % SLUICE_FRAME_ALIGNMENT != 0 ||
        header_.frame_size > SLUICE_FRAME_MAX_BYTES)
      return bad("frame_size does not fit");
    if (header_.header_size != sizeof(sluice_frame_header)) return bad("header_size does not fit");
    if (header_.column_count > SLUICE_FRAME_MAX_COLUMNS) return bad("too many columns");
    if (header_.column_count == 0 && header_.record_count != 0) return bad("records without a column");
    directory_end_ = header_.header_size + uint64_t{header_.column_count} * sizeof(sluice_frame_column);
    if (directory_end_ > bytes_.size()) return bad("the column directory is cut off");
    if (header_.checkpoint.size > SLUICE_CHECKPOINT_MAX_BYTES || !inside(header_.checkpoint))
      return bad("the checkpoint lies outside");
    if ((header_.flags & SLUICE_FRAME_LAST_UNDELIMITED) && !(header_.flags & SLUICE_FRAME_DELIMITED))
      return bad("flags contradict each other");
    if (header_.flags > (SLUICE_FRAME_DELIMITED | SLUICE_FRAME_LAST_UNDELIMITED)) return bad("unknown flags");
    uint32_t roles = 0;
    for (uint32_t i = 0; i < header_.column_count; ++i) {
      auto column = load<sluice_frame_column>(bytes_.data() + header_.header_size + size_t{i} * 64);
      if (Status status = check_role(i, column, roles); !status.ok()) return status;
      if (Status status = check_column(i, column); !status.ok()) return status;
    }
    return header_.kind == SLUICE_KIND_TABLE ? check_names() : Status();
  }

 private:
  Status bad(const std::string& what) const {
    return Error(ErrorClass::damaged, "E_FRAME_MALFORMED", "malformed frame: " + what);
  }
  Status bad(uint32_t column, const char* what) const {
    return bad("column " + std::to_string(column) + ": " + what);
  }
  // Absent ranges are {0, 0}; others lie behind the directory and inside the frame.
  bool inside(sluice_range range) const {
    if (range.size == 0 && range.offset == 0) return true;
    return range.offset >= directory_end_ && uint64_t{range.offset} + range.size <= bytes_.size();
  }
  Status check_role(uint32_t index, const sluice_frame_column& column, uint32_t& roles) const {
    if (header_.kind == SLUICE_KIND_TABLE)
      return column.role == SLUICE_COLUMN_FIELD ? Status() : bad(index, "has a role that tables lack");
    if (column.role < SLUICE_COLUMN_VALUE || column.role > SLUICE_COLUMN_HEADERS)
      return bad(index, "role is unknown");
    if ((index == 0) != (column.role == SLUICE_COLUMN_VALUE))
      return bad(index, "value must stand first, once");
    if (roles & (1u << column.role)) return bad(index, "role stands twice");
    roles |= 1u << column.role;
    static constexpr uint32_t types[] = {0,
                                         SLUICE_TYPE_BINARY,
                                         SLUICE_TYPE_BINARY,
                                         SLUICE_TYPE_INT64,
                                         SLUICE_TYPE_TIMESTAMP,
                                         SLUICE_TYPE_JSON};
    if (column.type != types[column.role]) return bad(index, "type does not belong to its role");
    if (column.null_count && (column.role == SLUICE_COLUMN_VALUE || column.role == SLUICE_COLUMN_OP))
      return bad(index, "cannot be null");
    return {};
  }
  Status check_column(uint32_t index, const sluice_frame_column& column) const {
    const uint64_t rows = header_.record_count;
    if (!known_type(column.type)) return bad(index, "type is unknown");
    auto type = static_cast<Type>(column.type);
    if (!inside(column.name) || !inside(column.validity) || !inside(column.offsets) || !inside(column.data))
      return bad(index, "a buffer lies outside");
    if ((column.validity.offset | column.offsets.offset | column.data.offset) % SLUICE_FRAME_ALIGNMENT != 0)
      return bad(index, "a buffer is not aligned");
    if (column.null_count > rows) return bad(index, "more nulls than records");
    if (column.null_count && column.validity.size < (rows + 7) / 8) return bad(index, "validity is cut off");
    if (column.null_count && count_nulls(column) != column.null_count)
      return bad(index, "null_count is wrong");
    if (variable_width(type)) return check_offsets(index, column);
    uint64_t wanted = type == Type::boolean ? (rows + 7) / 8 : rows * value_width(type);
    if (column.data.size < wanted) return bad(index, "data is cut off");
    return {};
  }
  // Works on copies: the entries are read a second time here, and sorting must not see a name change.
  Status check_names() const {
    std::vector<std::string> names(header_.column_count);
    for (uint32_t i = 0; i < header_.column_count; ++i) {
      const auto column = load<sluice_frame_column>(bytes_.data() + header_.header_size + size_t{i} * 64);
      if (!inside(column.name)) return bad(i, "a buffer lies outside");
      names[i].assign(reinterpret_cast<const char*>(bytes_.data()) + column.name.offset, column.name.size);
      if (!is_utf8(names[i])) return bad(i, "the name is not UTF-8");
    }
    std::sort(names.begin(), names.end());
    auto twin = std::adjacent_find(names.begin(), names.end());
    return twin == names.end() ? Status() : bad("two columns are named \"" + *twin + "\"");
  }
  uint32_t count_nulls(const sluice_frame_column& column) const {
    uint32_t nulls = 0;
    for (uint32_t row = 0; row < header_.record_count; ++row)
      nulls += !bit(bytes_.data() + column.validity.offset, row);
    return nulls;
  }
  Status check_offsets(uint32_t index, const sluice_frame_column& column) const {
    const uint64_t rows = header_.record_count;
    if (rows == 0) return {};
    if (column.offsets.size < (rows + 1) * 4) return bad(index, "offsets are cut off");
    const std::byte* offsets = bytes_.data() + column.offsets.offset;
    if (column.role == SLUICE_COLUMN_VALUE && (header_.flags & SLUICE_FRAME_DELIMITED))
      return check_delimited(index, column, offsets);
    if (descend(offsets, rows)) return bad(index, "offsets descend");
    if (load<uint32_t>(offsets + rows * 4) > column.data.size) return bad(index, "offsets reach outside");
    return {};
  }
  // Branch-free so that it vectorises: one descending pair anywhere sets the flag.
  static bool descend(const std::byte* offsets, uint64_t rows) {
    uint32_t descending = 0;
    for (uint64_t row = 0; row < rows; ++row)
      descending |=
          static_cast<uint32_t>(load<uint32_t>(offsets + row * 4) > load<uint32_t>(offsets + row * 4 + 4));
    return descending != 0;
  }
  // Each value that claims a trailing delimiter must be long enough to have one and end with it. One pass,
  // and each offset is read once and bounded before it leads anywhere: the writer may be another process that
  // goes on writing.
  Status check_delimited(uint32_t index, const sluice_frame_column& column, const std::byte* offsets) const {
    const uint64_t rows = header_.record_count;
    const uint64_t ends = rows - ((header_.flags & SLUICE_FRAME_LAST_UNDELIMITED) ? 1u : 0u);
    const uint32_t size = column.data.size;
    const std::byte* data = bytes_.data() + column.data.offset;
    const auto delimiter = std::byte{header_.delimiter};
    uint32_t begin = load<uint32_t>(offsets);
    for (uint64_t row = 0; row < rows; ++row) {
      const auto end = load<uint32_t>(offsets + row * 4 + 4);
      const bool whole = end > begin && end <= size && (data[end - 1] == delimiter || row >= ends);
      if (!whole && (row < ends || end < begin || end > size)) {
        // The whole column has the worst to tell.
        if (descend(offsets, rows)) return bad(index, "offsets descend");
        return bad(index, end > size ? "offsets reach outside" : "a value lacks its delimiter");
      }
      begin = end;
    }
    return begin > size ? bad(index, "offsets reach outside") : Status();
  }

  std::span<const std::byte> bytes_;
  sluice_frame_header header_{};
  uint64_t directory_end_ = 0;
};

}  // namespace detail

// Whether the bytes are one well-formed frame: every range inside, every offset ascending. E_FRAME_MALFORMED
// says what is wrong. Cost: a pass over offsets and bitmaps, none over values. The checksum is verify_frame's
// (batch/seal.hpp).
inline Status check_frame(std::span<const std::byte> bytes) {
  return detail::FrameChecker(bytes).check();
}

}  // namespace sluice
