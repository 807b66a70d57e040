#include "csv_writer.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace sluice::file {

namespace {

template <class Number>
void put_number(Number value, std::string& out) {
  char text[40];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void put_date(std::chrono::sys_days day, std::string& out) {
  const std::chrono::year_month_day date(day);
  char text[32];
  const int size = std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  out.append(text, static_cast<size_t>(size));
}

void put_timestamp(int64_t micros, std::string& out) {
  using std::chrono::floor, std::chrono::days;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(micros)};
  const auto day = floor<days>(time);
  put_date(day, out);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[32];
  const int size =
      std::snprintf(text, sizeof text, "T%02d:%02d:%02d.%06d", static_cast<int>(clock.hours().count()),
                    static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                    static_cast<int>(clock.subseconds().count()));
  std::string_view shown(text, static_cast<size_t>(size));
  while (shown.back() == '0') shown.remove_suffix(1);
  if (shown.back() == '.') shown.remove_suffix(1);
  // "T10:00:0" would have lost digits of the seconds.
  constexpr size_t seconds_end = 9;
  if (shown.size() < seconds_end) shown = std::string_view(text, seconds_end);
  out += shown;
  out += 'Z';
}

}  // namespace

void CsvWriter::put_text(std::string_view text, std::string& out) const {
  const char special[] = {dialect_.delimiter, dialect_.quote, '\n', '\r'};
  if (!text.empty() &&
      text.find_first_of(std::string_view(special, sizeof special)) == std::string_view::npos) {
    out += text;
    return;
  }
  out += dialect_.quote;
  for (char c : text) {
    if (c == dialect_.quote) out += c;
    out += c;
  }
  out += dialect_.quote;
}

void CsvWriter::put_header(const std::vector<std::string>& names, std::string& out) const {
  for (size_t i = 0; i < names.size(); ++i) {
    if (i) out += dialect_.delimiter;
    put_text(names[i], out);
  }
  out += '\n';
}

void CsvWriter::put_cell(const ColumnView& column, uint32_t row, std::string& out) const {
  switch (column.type()) {
    case Type::boolean:
      out += column.boolean(row) ? "true" : "false";
      break;
    case Type::int64:
      put_number(column.int64(row), out);
      break;
    case Type::float64:
      put_number(column.float64(row), out);
      break;
    case Type::date32:
      put_date(std::chrono::sys_days(std::chrono::days(column.date32(row))), out);
      break;
    case Type::timestamp:
      put_timestamp(column.timestamp(row), out);
      break;
    default:
      put_text(column.text(row), out);
  }
}

void CsvWriter::put_rows(const BatchView& batch, std::string& out) const {
  std::vector<ColumnView> columns;
  for (uint32_t i = 0; i < batch.column_count(); ++i) columns.push_back(batch.column(i));
  for (uint32_t row = 0; row < batch.size(); ++row) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i) out += dialect_.delimiter;
      if (!columns[i].is_null(row))
        put_cell(columns[i], row, out);
      else if (columns.size() == 1)  // a blank line would be no row
        put_text({}, out);
    }
    out += '\n';
  }
}

}  // namespace sluice::file
