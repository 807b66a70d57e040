// Building batches of typed rows, column by column.
#pragma once

#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

#include "sluice/batch/pacing.hpp"
#include "sluice/batch/types.hpp"
#include "sluice/json.hpp"
#include "sluice/source_writer.hpp"

namespace sluice {

// begin_row(), one set_… per column in any order (the others are null), end_row(). Publishes by itself when a
// batch is full; `position` works as with DocumentBuilder: it is asked in begin_row() and flush(), so move on
// after end_row(). [the thread that runs read()]
class TableBuilder {
 public:
  using Position = std::function<Json()>;

  TableBuilder(SourceWriter& out, std::vector<Field> fields, Position position = {})
      : out_(out), position_(std::move(position)), pacing_(out) {
    for (Field& field : fields) columns_.emplace_back(std::move(field));
  }
  ~TableBuilder() { out_.abandon(); }
  TableBuilder(const TableBuilder&) = delete;
  TableBuilder& operator=(const TableBuilder&) = delete;

  void begin_row() {
    if (rows_ > 0 && (rows_ >= out_.max_batch_records() || rows_ >= out_.remaining_records() ||
                      bytes_ >= out_.max_batch_bytes() || pacing_.overdue(rows_)))
      flush();
    if (rows_ == 0) {
      if (out_.remaining_records() == 0 || out_.remaining_bytes() == 0) {
        flush();
        throw StopReading();
      }
      pacing_.begin();
    }
  }
  void set_bool(size_t column, bool value) { at(column, Type::boolean).flag = value; }
  void set_int64(size_t column, int64_t value) { put(at(column, Type::int64), value); }
  void set_float64(size_t column, double value) { put(at(column, Type::float64), value); }
  void set_date32(size_t column, int32_t days) { put(at(column, Type::date32), days); }
  void set_timestamp(size_t column, int64_t micros) { put(at(column, Type::timestamp), micros); }
  // utf8 (must be valid UTF-8), json (must be one JSON text) and binary.
  void set_text(size_t column, std::string_view value) {
    Column& to = columns_.at(column);
    if (!variable_width(to.field.type)) wrong_type(to);
    to.present = true;
    to.data.resize(to.row_begin);
    to.data.insert(to.data.end(), value.begin(), value.end());
  }
  // Takes the row back; its cells are forgotten.
  void cancel_row() {
    for (Column& column : columns_) {
      column.data.resize(column.row_begin);
      column.present = false;
    }
  }
  // False when no frame can hold the row: it is then counted as rejected, with `where`.
  bool end_row(std::string_view where = {}) {
    uint64_t size = 0;
    for (const Column& column : columns_) size += column.data.size() - column.row_begin + 9;
    if (size > largest_row()) {
      cancel_row();
      if (rows_ > 0) flush();
      out_.reject(
          "E_RECORD_TOO_LARGE",
          "a row of " + std::to_string(size) + " bytes; the limit is " + std::to_string(largest_row()),
          where);
      return false;
    }
    for (Column& column : columns_) column.end_row(rows_);
    ++rows_;
    bytes_ += size;
    return true;
  }
  uint32_t rows() const { return rows_; }
  void tick() {
    if (rows_ > 0 && pacing_.overdue_now()) flush();
  }
  void add_bytes_read(uint64_t bytes) { bytes_read_ += bytes; }

  void flush() {
    std::string checkpoint;
    if (position_)
      if (Json position = position_(); !position.is_null()) checkpoint = position.dump();
    SourceWriter::require_checkpoint_size(checkpoint);
    if (rows_ == 0) {
      if (!checkpoint.empty() || bytes_read_)
        out_.publish_checkpoint(checkpoint, std::exchange(bytes_read_, 0));
      return;
    }
    uint64_t room_bytes = sizeof(sluice_frame_header) + checkpoint.size() + 2 * SLUICE_FRAME_ALIGNMENT;
    for (const Column& column : columns_) room_bytes += column.frame_bytes();
    std::span<std::byte> room = out_.claim(room_bytes);
    detail::FrameAssembler frame(room.data(), SLUICE_KIND_TABLE, static_cast<uint32_t>(columns_.size()));
    uint64_t payload = 0;
    for (uint32_t i = 0; i < columns_.size(); ++i) {
      frame.set_column(i, columns_[i].put_into(frame));
      payload += columns_[i].data.size() + columns_[i].bits_bytes();
    }
    frame.header().checkpoint = frame.put_text(checkpoint);
    frame.header().record_count = rows_;
    frame.header().payload_bytes = payload;
    frame.header().bytes_read = bytes_read_ ? std::exchange(bytes_read_, 0) : payload;
    for (Column& column : columns_) column.clear();
    const uint32_t records = std::exchange(rows_, 0);
    const uint64_t bytes = std::exchange(bytes_, 0);
    out_.publish(frame.finish(), records, bytes);
  }

 private:
  struct Column {
    explicit Column(Field from) : field(std::move(from)), variable(variable_width(field.type)) { clear(); }

    Field field;
    bool variable;
    bool present = false, flag = false;  // of the row under construction
    size_t row_begin = 0;                // where its bytes start in data
    uint32_t nulls = 0;
    std::vector<uint8_t> validity;
    std::vector<uint8_t> bits;  // bool values
    std::vector<uint32_t> offsets;
    std::vector<char> data;

    static void push_bit(std::vector<uint8_t>& to, uint32_t row, bool value) {
      if (row % 8 == 0) to.push_back(0);
      if (value) to.back() = static_cast<uint8_t>(to.back() | (1u << (row % 8)));
    }
    void end_row(uint32_t row) {
      push_bit(validity, row, present);
      nulls += !present;
      if (field.type == Type::boolean)
        push_bit(bits, row, present && flag);
      else if (variable)
        offsets.push_back(static_cast<uint32_t>(data.size()));
      else if (!present)
        data.resize(data.size() + value_width(field.type), 0);
      row_begin = data.size();
      present = false;
    }
    void clear() {
      validity.clear();
      bits.clear();
      data.clear();
      offsets.assign(1, 0);
      row_begin = 0;
      nulls = 0;
    }
    uint64_t bits_bytes() const { return bits.size(); }
    uint64_t frame_bytes() const {
      return sizeof(sluice_frame_column) + field.name.size() + validity.size() + bits.size() +
             offsets.size() * 4 + data.size() + uint64_t{4} * SLUICE_FRAME_ALIGNMENT;
    }
    sluice_frame_column put_into(detail::FrameAssembler& frame) const {
      sluice_frame_column entry{};
      entry.role = SLUICE_COLUMN_FIELD;
      entry.type = static_cast<uint32_t>(field.type);
      entry.name = frame.put_text(field.name);
      entry.null_count = nulls;
      if (nulls) entry.validity = frame.put(validity.data(), validity.size());
      if (variable) entry.offsets = frame.put(offsets.data(), offsets.size() * 4);
      entry.data = field.type == Type::boolean ? frame.put(bits.data(), bits.size())
                                               : frame.put(data.data(), data.size());
      return entry;
    }
  };

  [[noreturn]] static void wrong_type(const Column& column) {
    throw Error(ErrorClass::system, "E_PLUGIN_BUG",
                "column \"" + column.field.name + "\" is " + std::string(to_string(column.field.type)) +
                    " and was given another type");
  }
  Column& at(size_t column, Type type) {
    Column& to = columns_.at(column);
    if (to.field.type != type) wrong_type(to);
    to.present = true;
    return to;
  }
  template <class T>
  static void put(Column& to, T value) {
    to.data.resize(to.row_begin + sizeof value);
    std::memcpy(to.data.data() + to.row_begin, &value, sizeof value);
  }
  uint64_t largest_row() const {
    // A full batch and one such row must fit into one frame together.
    uint64_t administration = out_.max_batch_bytes();
    for (const Column& column : columns_)
      administration += sizeof(sluice_frame_column) + column.field.name.size() + 256;
    return out_.max_value_bytes() > administration ? out_.max_value_bytes() - administration : 0;
  }

  SourceWriter& out_;
  Position position_;
  detail::Pacing pacing_;
  std::vector<Column> columns_;
  uint32_t rows_ = 0;
  uint64_t bytes_ = 0, bytes_read_ = 0;
};

}  // namespace sluice
