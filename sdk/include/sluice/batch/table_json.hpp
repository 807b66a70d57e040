// The one adapter from tables to JSON documents, so that any source can reach a sink that takes JSON.
//
// A row becomes one object on one line, members in column order. bool, int64 and float64 become true/false
// and numbers (int64 exact, doubles in the shortest form that reads back the same, NaN and infinities null),
// utf8 a string, binary base64, date32 "YYYY-MM-DD", timestamp RFC 3339 in UTC with 0, 3 or 6 digits after
// the second, json the text itself (line breaks between its tokens become blanks), null null.
#pragma once

#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/batch/batch_view.hpp"
#include "sluice/batch/frame_assembler.hpp"
#include "sluice/batch/frame_storage.hpp"
#include "sluice/json.hpp"

namespace sluice {

namespace detail {

// Text that grows at the end of a byte container; `used` is its size, the container's may be larger.
template <class Buffer>
class TextTail {
 public:
  TextTail(Buffer& buffer, size_t used) : buffer_(buffer), used_(used) {}

  size_t used() const { return used_; }
  // Room for `size` characters; take(n) makes the first n of them part of the text.
  char* room(size_t size) {
    if (buffer_.size() < used_ + size) buffer_.resize(std::max(buffer_.size() * 2, used_ + size));
    return reinterpret_cast<char*>(buffer_.data()) + used_;
  }
  void take(size_t size) { used_ += size; }
  void put(char c) {
    *room(1) = c;
    ++used_;
  }
  void put(std::string_view text) {
    std::memcpy(room(text.size() + 1), text.data(), text.size());
    used_ += text.size();
  }

 private:
  Buffer& buffer_;
  size_t used_;
};

template <class Out>
void put_json_string(Out& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out.put('"');
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.put(text.substr(plain, i - plain));
    plain = i + 1;
    out.put('\\');
    switch (byte) {
      case '"':
      case '\\':
        out.put(text[i]);
        break;
      case '\n':
        out.put('n');
        break;
      case '\r':
        out.put('r');
        break;
      case '\t':
        out.put('t');
        break;
      default:
        out.put("u00");
        out.put(hex[byte >> 4]);
        out.put(hex[byte & 15]);
    }
  }
  out.put(text.substr(plain));
  out.put('"');
}

template <class Out>
void put_base64(Out& out, std::string_view bytes) {
  static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t size = (bytes.size() + 2) / 3 * 4;
  char* to = out.room(size + 2);
  *to++ = '"';
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    *to++ = letters[group >> 18];
    *to++ = letters[(group >> 12) & 63];
    *to++ = i + 1 < bytes.size() ? letters[(group >> 6) & 63] : '=';
    *to++ = i + 2 < bytes.size() ? letters[group & 63] : '=';
  }
  *to = '"';
  out.take(size + 2);
}

inline char* put_digits(char* to, uint32_t value, int digits) {
  for (int i = digits; i-- > 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + digits;
}

// Proleptic Gregorian date of a day since 1970-01-01, any int64 within +-2^40. Years run from March, so that
// the leap day is the last of its year; 400 of them are 146097 days.
inline char* put_date(char* to, int64_t day) {
  constexpr int64_t era_days = 146097;
  const int64_t from_march_0000 = day + 719468;
  const int64_t era = (from_march_0000 >= 0 ? from_march_0000 : from_march_0000 - (era_days - 1)) / era_days;
  const auto in_era = static_cast<uint32_t>(from_march_0000 - era * era_days);
  const uint32_t year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  const uint32_t day_of_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t march_month = (5 * day_of_year + 2) / 153;
  const uint32_t month_day = day_of_year - (153 * march_month + 2) / 5 + 1;
  const uint32_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  const int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
  if (year >= 0 && year <= 9999) {
    to = put_digits(to, static_cast<uint32_t>(year), 4);
  } else {
    // ISO 8601 expanded form: a sign and six digits or more. RFC 3339 has no such years.
    *to++ = year < 0 ? '-' : '+';
    const int64_t size = year < 0 ? -year : year;
    for (int64_t limit = 100000; limit > size && limit > 1; limit /= 10) *to++ = '0';
    to = std::to_chars(to, to + 20, size).ptr;
  }
  *to++ = '-';
  to = put_digits(to, month, 2);
  *to++ = '-';
  return put_digits(to, month_day, 2);
}

inline char* put_timestamp(char* to, int64_t micros) {
  constexpr int64_t day_micros = int64_t{86400} * 1000000;
  const bool before = micros % day_micros < 0;
  const int64_t day = micros / day_micros - (before ? 1 : 0);
  const int64_t of_day = micros % day_micros + (before ? day_micros : 0);
  const auto seconds = static_cast<uint32_t>(of_day / 1000000),
             rest = static_cast<uint32_t>(of_day % 1000000);
  to = put_date(to, day);
  *to++ = 'T';
  to = put_digits(to, seconds / 3600, 2);
  *to++ = ':';
  to = put_digits(to, seconds / 60 % 60, 2);
  *to++ = ':';
  to = put_digits(to, seconds % 60, 2);
  if (rest != 0) {
    *to++ = '.';
    to = rest % 1000 == 0 ? put_digits(to, rest / 1000, 3) : put_digits(to, rest, 6);
  }
  *to++ = 'Z';
  return to;
}

// A table's rows as JSON, the quoted names made once a batch.
class RowWriter {
 public:
  explicit RowWriter(const BatchView& table) {
    columns_.reserve(table.column_count());
    for (uint32_t i = 0; i < table.column_count(); ++i) {
      std::string lead = i == 0 ? "{" : ",";
      Json::write_string(table.column(i).name(), lead);
      lead += ':';
      columns_.push_back({table.column(i), std::move(lead)});
    }
  }
  template <class Out>
  void put_row(Out& out, uint32_t row) const {
    if (columns_.empty()) out.put('{');
    for (const Column& column : columns_) {
      out.put(column.lead);
      if (column.view.is_null(row))
        out.put("null");
      else
        put_cell(out, column.view, row);
    }
    out.put('}');
  }

 private:
  struct Column {
    ColumnView view;
    std::string lead;  // what stands before the cell: bracket or comma, name, colon
  };

  template <class Out>
  static void put_cell(Out& out, const ColumnView& column, uint32_t row) {
    constexpr size_t scalar = 64;  // more than any number, date or timestamp takes
    switch (column.type()) {
      case Type::boolean:
        return out.put(column.boolean(row) ? std::string_view("true") : std::string_view("false"));
      case Type::int64: {
        char* to = out.room(scalar);
        return out.take(static_cast<size_t>(std::to_chars(to, to + scalar, column.int64(row)).ptr - to));
      }
      case Type::float64: {
        const double value = column.float64(row);
        if (!std::isfinite(value)) return out.put("null");
        char* to = out.room(scalar);
        return out.take(static_cast<size_t>(std::to_chars(to, to + scalar, value).ptr - to));
      }
      case Type::utf8:
        return put_json_string(out, column.text(row));
      case Type::binary:
        return put_base64(out, column.text(row));
      case Type::date32:
        return put_quoted(out, [&](char* to) { return put_date(to, column.date32(row)); });
      case Type::timestamp:
        return put_quoted(out, [&](char* to) { return put_timestamp(to, column.timestamp(row)); });
      case Type::json:
        return put_json_text(out, column.text(row));
    }
  }
  template <class Out, class Put>
  static void put_quoted(Out& out, Put&& put) {
    char* begin = out.room(64);
    *begin = '"';
    char* end = put(begin + 1);
    *end++ = '"';
    out.take(static_cast<size_t>(end - begin));
  }
  template <class Out>
  static void put_json_text(Out& out, std::string_view text) {
    if (text.empty()) return out.put("null");
    char* to = out.room(text.size());
    std::memcpy(to, text.data(), text.size());
    for (size_t i = 0; i < text.size(); ++i)
      if (to[i] == '\n' || to[i] == '\r') to[i] = ' ';  // never inside a JSON string
    out.take(text.size());
  }

  std::vector<Column> columns_;
};

}  // namespace detail

// Appends one row of a table as a JSON object. For many rows use table_to_documents.
inline void append_row_json(const BatchView& table, uint32_t row, std::string& out) {
  detail::TextTail<std::string> tail(out, out.size());
  detail::RowWriter(table).put_row(tail, row);
  out.resize(tail.used());
}

// Makes the documents frame that says the same as a table frame: one value a row, delimited by newlines, with
// the same sequence, checkpoint, bytes_read and counts of rejected and filtered; the checksum is 0. `frame`
// is replaced, its storage reused. E_BATCH_TOO_LARGE when the JSON is larger than a frame can be.
inline Status table_to_documents(const BatchView& table, FrameBytes& frame) {
  constexpr size_t values_begin = sizeof(sluice_frame_header) + sizeof(sluice_frame_column);
  static_assert(values_begin % SLUICE_FRAME_ALIGNMENT == 0);
  const uint64_t administration =
      values_begin + uint64_t{4} * (table.size() + 1) + table.checkpoint().size() + 256;
  const auto too_large = [&]() -> Status {
    return Error(ErrorClass::config, "E_BATCH_TOO_LARGE",
                 "batch " + std::to_string(table.sequence()) + " of " + std::to_string(table.size()) +
                     " rows is larger than a frame can be once its rows are JSON")
        .try_this("lower batch.maxRecords or batch.maxBytes");
  };
  detail::TextTail<FrameBytes> tail(frame, values_begin);
  (void)tail.room(table.bytes().size());
  std::vector<uint32_t> offsets(size_t{table.size()} + 1);
  const detail::RowWriter rows(table);
  for (uint32_t row = 0; row < table.size(); ++row) {
    rows.put_row(tail, row);
    tail.put('\n');
    if (tail.used() + administration > SLUICE_FRAME_MAX_BYTES) return too_large();
    offsets[size_t{row} + 1] = static_cast<uint32_t>(tail.used() - values_begin);
  }
  const auto used = static_cast<uint32_t>(tail.used() - values_begin);
  (void)tail.room(administration);

  detail::FrameAssembler out(frame.data(), SLUICE_KIND_DOCUMENTS, 1);
  sluice_frame_column value{};
  value.role = SLUICE_COLUMN_VALUE;
  value.type = SLUICE_TYPE_BINARY;
  value.data = out.place(values_begin, used);
  value.offsets = out.put(offsets.data(), uint64_t{4} * offsets.size());
  out.set_column(0, value);
  sluice_frame_header& header = out.header();
  header.flags = SLUICE_FRAME_DELIMITED;
  header.delimiter = '\n';
  header.sequence = table.sequence();
  header.record_count = table.size();
  header.checkpoint = out.put_text(table.checkpoint());
  header.rejected = table.header().rejected;
  header.filtered = table.header().filtered;
  header.payload_bytes = used;
  header.bytes_read = table.header().bytes_read;
  frame.resize(out.finish());
  return {};
}

}  // namespace sluice
