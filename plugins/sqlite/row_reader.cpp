#include "row_reader.hpp"

#include <simdjson.h>

#include <cmath>

#include "calendar.hpp"

namespace sluice::sqlite {

namespace {

// Doubles count integers one by one up to here.
constexpr int64_t exact_in_double = int64_t{1} << 53;

bool is_json(std::string_view text) {
  try {
    // The tree parser keeps its buffers; numbers beyond 64 bits are its one blind spot.
    thread_local simdjson::dom::parser parser;
    const auto error = parser.parse(text.data(), text.size(), true).error();
    if (error == simdjson::NUMBER_ERROR) Json::parse(text);
    return !error || error == simdjson::NUMBER_ERROR;
  } catch (const Error&) {
    return false;
  }
}

std::string_view type_name(int type) {
  switch (type) {
    case SQLITE_INTEGER:
      return "an integer";
    case SQLITE_FLOAT:
      return "a real number";
    case SQLITE_TEXT:
      return "text";
    case SQLITE_BLOB:
      return "a blob";
    default:
      return "null";
  }
}

}  // namespace

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::string RowReader::read(Statement& statement, int first, TableBuilder& out) {
  for (size_t i = 0; i < table_.columns.size(); ++i) {
    const SourceColumn& column = table_.columns[i];
    const int from = first + static_cast<int>(i), type = statement.type(from);
    if (type == SQLITE_NULL) continue;
    if (column.dynamic ? read_dynamic(statement, from, i, out) : read_value(statement, from, column, i, out))
      continue;
    std::string shown;
    if (type != SQLITE_BLOB)
      if (const std::string_view text = statement.bytes(from).substr(0, 60); is_utf8(text))
        shown = " (" + std::string(text) + ")";
    return "column \"" + column.name + "\" is read as " + std::string(to_string(column.type)) + " and has " +
           std::string(type_name(type)) + " that does not fit" + shown;
  }
  return {};
}

bool RowReader::read_value(Statement& statement, int from, const SourceColumn& column, size_t to,
                           TableBuilder& out) {
  const int type = statement.type(from);
  switch (column.type) {
    case Type::boolean: {
      const int64_t value = statement.integer(from);
      if (type != SQLITE_INTEGER || (value != 0 && value != 1)) return false;
      out.set_bool(to, value != 0);
      return true;
    }
    case Type::int64:
      if (type != SQLITE_INTEGER) return false;
      out.set_int64(to, statement.integer(from));
      return true;
    case Type::float64: {
      const int64_t integer = type == SQLITE_INTEGER ? statement.integer(from) : 0;
      if (type != SQLITE_FLOAT && type != SQLITE_INTEGER) return false;
      if (integer > exact_in_double || integer < -exact_in_double) return false;
      out.set_float64(to, statement.real(from));
      return true;
    }
    case Type::utf8:
      if (type != SQLITE_TEXT || !is_utf8(statement.bytes(from))) return false;
      out.set_text(to, statement.bytes(from));
      return true;
    case Type::binary:
      if (type != SQLITE_BLOB && type != SQLITE_TEXT) return false;
      out.set_text(to, statement.bytes(from));
      return true;
    case Type::date32: {
      const auto days = type == SQLITE_TEXT ? read_date(statement.bytes(from)) : std::nullopt;
      if (days) out.set_date32(to, *days);
      return days.has_value();
    }
    case Type::timestamp: {
      const auto micros = type == SQLITE_TEXT ? read_timestamp(statement.bytes(from)) : std::nullopt;
      if (micros) out.set_timestamp(to, *micros);
      return micros.has_value();
    }
    case Type::json:
      if (type != SQLITE_TEXT) return read_dynamic(statement, from, to, out);
      if (!is_json(statement.bytes(from))) return false;
      out.set_text(to, statement.bytes(from));
      return true;
  }
  return false;
}

bool RowReader::read_dynamic(Statement& statement, int from, size_t to, TableBuilder& out) {
  switch (statement.type(from)) {
    case SQLITE_INTEGER:
      out.set_text(to, Json(statement.integer(from)).dump());
      return true;
    case SQLITE_FLOAT:
      if (!std::isfinite(statement.real(from))) return false;
      out.set_text(to, Json(statement.real(from)).dump());
      return true;
    case SQLITE_TEXT:
      if (!is_utf8(statement.bytes(from))) return false;
      scratch_.clear();
      Json::write_string(statement.bytes(from), scratch_);
      out.set_text(to, scratch_);
      return true;
    default:
      return false;
  }
}

}  // namespace sluice::sqlite
