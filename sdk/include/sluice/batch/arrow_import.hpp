// Taking tables from any Arrow producer.
//
// A struct array (a record batch) becomes rows of a TableBuilder. Its children may be bool, (u)int8 to
// (u)int64, float, double, (large_)utf8, (large_)binary, date32[day] and timestamp in s, ms, us or ns with
// UTC or no time zone; the canonical extension arrow.json becomes json. Nanoseconds are rounded down to
// microseconds. Other types are refused by name, before a row is taken. A row with a value that its column
// cannot hold (uint64 above int64, seconds beyond the range of microseconds, text that is no UTF-8) is
// rejected.
#pragma once

#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/abi/arrow.h"
#include "sluice/batch/table_builder.hpp"
#include "sluice/batch/utf8.hpp"

namespace sluice {

namespace detail {

// A struct of the interface that is released when it goes, whatever happens.
template <class Struct>
class ArrowOwner {
 public:
  explicit ArrowOwner(Struct* from) : held_(*from) { from->release = nullptr; }
  ArrowOwner(const ArrowOwner&) = delete;
  ArrowOwner& operator=(const ArrowOwner&) = delete;
  ~ArrowOwner() {
    if (held_.release) held_.release(&held_);
  }
  const Struct& operator*() const { return held_; }

 private:
  Struct held_;
};

[[noreturn]] inline void bad_arrow(const std::string& what) {
  throw Error(ErrorClass::config, "E_ARROW", "Arrow data is not what its interface demands: " + what);
}

// The value of a key of the interface's metadata, whose size is known to the producer alone.
inline std::string_view arrow_metadata(const char* metadata, std::string_view key) {
  if (!metadata) return {};
  const auto number = [&] {
    int32_t value = 0;
    std::memcpy(&value, metadata, sizeof value);
    metadata += sizeof value;
    if (value < 0) bad_arrow("a negative length in its metadata");
    return value;
  };
  const auto text = [&] {
    const int32_t size = number();
    const std::string_view found(metadata, static_cast<size_t>(size));
    metadata += size;
    return found;
  };
  for (int32_t pairs = number(); pairs > 0; --pairs) {
    const std::string_view name = text(), value = text();
    if (name == key) return value;
  }
  return {};
}

// One column on its way in: how its values are read, and what they become.
struct ArrowColumn {
  enum class Layout { bits, signed_integer, unsigned_integer, floating, text32, text64 };

  Type type = Type::utf8;
  Layout layout = Layout::bits;
  uint32_t width = 0;                   // bytes of a value
  int64_t multiplier = 1, divisor = 1;  // of timestamps
  const ArrowArray* array = nullptr;

  static ArrowColumn of(const ArrowSchema& schema) {
    const std::string_view format(schema.format ? schema.format : "");
    const auto refuse = [&](std::string_view why) {
      throw Error(ErrorClass::config, "E_ARROW_TYPE",
                  "column \"" + std::string(schema.name ? schema.name : "") + "\" has the Arrow type \"" +
                      std::string(format) + "\"" + std::string(why) + ", which batches cannot hold")
          .try_this("cast it to one of bool, int64, double, utf8, binary, date32, timestamp[us, UTC]");
    };
    ArrowColumn column;
    if (schema.dictionary) refuse(", dictionary-encoded");
    const bool json = arrow_metadata(schema.metadata, "ARROW:extension:name") == "arrow.json";
    static constexpr std::string_view integers = "cCsSiIlL";
    if (format == "b") {
      column.type = Type::boolean;
    } else if (format.size() == 1 && integers.find(format[0]) != std::string_view::npos) {
      const size_t at = integers.find(format[0]);
      column.set(Type::int64, at % 2 ? Layout::unsigned_integer : Layout::signed_integer, 1u << (at / 2));
    } else if (format == "f" || format == "g") {
      column.set(Type::float64, Layout::floating, format == "f" ? 4 : 8);
    } else if (format == "u" || format == "U") {
      column.set(json ? Type::json : Type::utf8, format == "u" ? Layout::text32 : Layout::text64, 0);
    } else if (format == "z" || format == "Z") {
      column.set(Type::binary, format == "z" ? Layout::text32 : Layout::text64, 0);
    } else if (format == "tdD") {
      column.set(Type::date32, Layout::signed_integer, 4);
    } else if (format.size() >= 4 && format.substr(0, 2) == "ts" && format[3] == ':') {
      column.set(Type::timestamp, Layout::signed_integer, 8);
      const std::string_view zone = format.substr(4);
      if (!zone.empty() && zone != "UTC" && zone != "Etc/UTC" && zone != "+00:00")
        refuse(", with another time zone than UTC");
      if (format[2] == 's')
        column.multiplier = 1000000;
      else if (format[2] == 'm')
        column.multiplier = 1000;
      else if (format[2] == 'n')
        column.divisor = 1000;
      else if (format[2] != 'u')
        refuse("");
    } else {
      refuse("");
    }
    return column;
  }

  // Looks at what can be looked at: sizes of buffers are the producer's secret.
  void attach(const ArrowArray& from, int64_t rows) {
    const bool text = layout == Layout::text32 || layout == Layout::text64;
    if (from.n_buffers != (text ? 3 : 2) || !from.buffers)
      bad_arrow("a column has the wrong number of buffers");
    if (from.length < rows || from.offset < 0) bad_arrow("a column is shorter than its table");
    if (rows > 0 && !from.buffers[1]) bad_arrow("a column lacks its buffer");
    array = &from;
  }
  bool is_null(int64_t row) const {
    return array->null_count != 0 && array->buffers[0] &&
           !bit(static_cast<const std::byte*>(array->buffers[0]), static_cast<uint64_t>(row + array->offset));
  }
  // Puts a value that is not null; says why when it cannot.
  const char* put(TableBuilder& rows, size_t index, int64_t row) const {
    const int64_t at = row + array->offset;
    const auto* values = static_cast<const std::byte*>(array->buffers[1]);
    const std::byte* value = values + at * width;
    switch (layout) {
      case Layout::bits:
        rows.set_bool(index, bit(values, static_cast<uint64_t>(at)));
        return nullptr;
      case Layout::floating:
        rows.set_float64(index, width == 4 ? static_cast<double>(load<float>(value)) : load<double>(value));
        return nullptr;
      case Layout::text32:
        return put_text(rows, index, load<int32_t>(values + at * 4), load<int32_t>(values + at * 4 + 4));
      case Layout::text64:
        return put_text(rows, index, load<int64_t>(values + at * 8), load<int64_t>(values + at * 8 + 8));
      case Layout::unsigned_integer: {
        const uint64_t number = width == 1   ? load<uint8_t>(value)
                                : width == 2 ? load<uint16_t>(value)
                                : width == 4 ? load<uint32_t>(value)
                                             : load<uint64_t>(value);
        if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return "is above int64";
        rows.set_int64(index, static_cast<int64_t>(number));
        return nullptr;
      }
      case Layout::signed_integer:
        break;
    }
    const int64_t number = width == 1   ? load<int8_t>(value)
                           : width == 2 ? load<int16_t>(value)
                           : width == 4 ? load<int32_t>(value)
                                        : load<int64_t>(value);
    if (type == Type::int64) {
      rows.set_int64(index, number);
    } else if (type == Type::date32) {
      rows.set_date32(index, static_cast<int32_t>(number));
    } else {
      if (number > std::numeric_limits<int64_t>::max() / multiplier ||
          number < std::numeric_limits<int64_t>::min() / multiplier)
        return "is beyond the range of microseconds";
      rows.set_timestamp(index, number * multiplier / divisor - (number % divisor < 0 ? 1 : 0));
    }
    return nullptr;
  }

 private:
  void set(Type of, Layout how, uint32_t bytes) {
    type = of;
    layout = how;
    width = bytes;
  }
  const char* put_text(TableBuilder& rows, size_t index, int64_t begin, int64_t end) const {
    if (begin < 0 || end < begin) bad_arrow("offsets descend");
    if (end > begin && !array->buffers[2]) bad_arrow("a column lacks its bytes");
    const std::string_view text = end > begin
                                      ? std::string_view(static_cast<const char*>(array->buffers[2]) + begin,
                                                         static_cast<size_t>(end - begin))
                                      : std::string_view();
    if (type != Type::binary && !is_utf8(text)) return "is not UTF-8";
    rows.set_text(index, text);
    return nullptr;
  }
};

inline std::vector<ArrowColumn> arrow_columns(const ArrowSchema& schema) {
  if (!schema.release || !schema.format) bad_arrow("the schema was released");
  if (std::string_view(schema.format) != "+s")
    throw Error(ErrorClass::config, "E_ARROW_TYPE",
                "the Arrow type \"" + std::string(schema.format) + "\" is no struct: a table is one");
  if (schema.n_children < 0 || schema.n_children > SLUICE_FRAME_MAX_COLUMNS)
    throw Error(ErrorClass::config, "E_ARROW_TYPE",
                std::to_string(schema.n_children) + " columns; a batch has at most " +
                    std::to_string(SLUICE_FRAME_MAX_COLUMNS));
  if (schema.n_children == 0)
    throw Error(ErrorClass::config, "E_ARROW_TYPE", "the Arrow table has no columns");
  std::vector<ArrowColumn> columns;
  for (int64_t i = 0; i < schema.n_children; ++i) columns.push_back(ArrowColumn::of(*schema.children[i]));
  return columns;
}

}  // namespace detail

// The fields of a table with that schema, in order. Throws E_ARROW_TYPE with the column and its type.
inline std::vector<Field> fields_from_arrow(const ArrowSchema& schema) {
  std::vector<Field> fields;
  const auto columns = detail::arrow_columns(schema);
  for (size_t i = 0; i < columns.size(); ++i) {
    const ArrowSchema& child = *schema.children[i];
    fields.push_back(
        {child.name ? child.name : "", columns[i].type, (child.flags & ARROW_FLAG_NULLABLE) != 0});
  }
  return fields;
}

// Appends every row to a builder that was made with fields_from_arrow(schema). Both structs stay the
// caller's.
inline void append_from_arrow(const ArrowSchema& schema, const ArrowArray& array, SourceWriter& out,
                              TableBuilder& rows) {
  std::vector<detail::ArrowColumn> columns = detail::arrow_columns(schema);
  if (!array.release) detail::bad_arrow("the array was released");
  if (array.n_children != schema.n_children || array.length < 0 || array.offset < 0 ||
      array.length > std::numeric_limits<int64_t>::max() - array.offset)
    detail::bad_arrow("array and schema differ");
  for (size_t i = 0; i < columns.size(); ++i)
    columns[i].attach(*array.children[i], array.offset + array.length);
  const auto* present = array.null_count != 0 && array.n_buffers > 0 && array.buffers
                            ? static_cast<const std::byte*>(array.buffers[0])
                            : nullptr;
  for (int64_t row = array.offset; row < array.offset + array.length; ++row) {
    rows.begin_row();
    const bool null_row = present && !detail::bit(present, static_cast<uint64_t>(row));
    size_t failed = columns.size();
    const char* why = nullptr;
    for (size_t i = 0; i < columns.size() && !null_row && !why; ++i)
      if (!columns[i].is_null(row) && (why = columns[i].put(rows, i, row))) failed = i;
    const auto where = [&] { return "row " + std::to_string(row - array.offset); };
    if (why) {
      rows.cancel_row();
      const char* name = schema.children[failed]->name;
      out.reject("E_ARROW_VALUE", "the value of column \"" + std::string(name ? name : "") + "\" " + why,
                 where());
    } else {
      rows.end_row(where());
    }
  }
}

// Takes both structs over (they are released at the end, whatever happens), and publishes their rows as
// batches of the policy's size.
inline void import_from_arrow(ArrowSchema* schema, ArrowArray* array, SourceWriter& out) {
  const detail::ArrowOwner<ArrowSchema> held_schema(schema);
  const detail::ArrowOwner<ArrowArray> held_array(array);
  TableBuilder rows(out, fields_from_arrow(*held_schema));
  append_from_arrow(*held_schema, *held_array, out, rows);
  rows.flush();
}

}  // namespace sluice
