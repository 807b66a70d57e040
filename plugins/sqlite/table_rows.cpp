#include "table_rows.hpp"

#include <simdjson.h>

#include <string>
#include <vector>

#include "calendar.hpp"
#include "column_types.hpp"

namespace sluice::sqlite {

namespace {

uint32_t column_for(TableTarget& target, std::string_view name, std::string_view declared) {
  Columns& columns = target.columns();
  if (const auto found = columns.find(name)) return *found;
  (void)quoted(name);
  if (columns.size() >= target.max_columns())
    throw Error(ErrorClass::config, "E_SQLITE_COLUMNS",
                "column \"" + std::string(name) + "\" is one more than the " +
                    std::to_string(target.max_columns()) + " that SQLite lets a table have");
  const uint32_t index = columns.add(std::string(name));
  columns[index].declared = declared;
  columns[index].type_given = true;
  return index;
}

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

// Whether every text of the column is UTF-8: all its bytes together are, and no text begins inside a
// character. False may also mean that bytes which belong to no row are not.
bool all_utf8(const ColumnView& column, uint32_t rows) {
  if (column.type() != Type::utf8 && column.type() != Type::json) return true;
  if (rows == 0) return true;
  const uint32_t begin = column.offset(0);
  const std::string_view all(column.text(0).data(), column.offset(rows) - begin);
  if (!is_utf8(all)) return false;
  for (uint32_t row = 1; row < rows; ++row) {
    const uint32_t at = column.offset(row) - begin;
    if (at < all.size() && (static_cast<unsigned char>(all[at]) & 0xc0u) == 0x80u) return false;
  }
  return true;
}

// Empty: the cell is set; else why the row is refused. `checked`: what all_utf8 says of the column.
std::string_view read_cell(const ColumnView& column, bool checked, uint32_t row, Arena& arena, Cell& cell) {
  switch (column.type()) {
    case Type::boolean:
      cell = Cell::of(column.boolean(row) ? 1 : 0);
      return {};
    case Type::int64:
      cell = Cell::of(column.int64(row));
      return {};
    case Type::float64:
      cell = Cell::of_real(column.float64(row));
      return {};
    case Type::binary:
      cell = Cell::of_bytes(Cell::Kind::blob, column.text(row), seen_blob);
      return {};
    case Type::utf8:
    case Type::json:
      if (!checked && !is_utf8(column.text(row))) return "text that is not UTF-8";
      cell = Cell::of_bytes(Cell::Kind::text, column.text(row), seen_text);
      return {};
    case Type::date32:
    case Type::timestamp: {
      char* to = arena.take(calendar_text_size);
      const size_t size = column.type() == Type::date32 ? write_date(column.date32(row), to)
                                                        : write_timestamp(column.timestamp(row), to);
      if (size == 0) return "a date outside the years 0000 to 9999";
      cell = Cell::of_bytes(Cell::Kind::text, {to, size}, seen_text);
      return {};
    }
  }
  return "a type that is not known";
}

}  // namespace

void read_table_rows(const BatchView& batch, TableTarget& target, RowSet& rows) {
  std::vector<ColumnView> views;
  std::vector<uint32_t> places;
  std::vector<bool> checked;
  for (uint32_t i = 0; i < batch.column_count(); ++i) {
    views.push_back(batch.column(i));
    const uint32_t place = column_for(target, views[i].name(), declared_type(views[i].type()));
    for (uint32_t before = 0; before < i; ++before)
      if (places[before] == place)
        throw Error(ErrorClass::config, "E_SQLITE_COLUMNS",
                    "columns \"" + std::string(views[before].name()) + "\" and \"" +
                        std::string(views[i].name()) + "\" are one column in SQLite, which ignores case")
            .try_this("rename one of them in the source");
    places.push_back(place);
    checked.push_back(all_utf8(views[i], batch.size()));
  }
  for (uint32_t row = 0; row < batch.size(); ++row) {
    const auto begin = static_cast<uint32_t>(rows.cells.size());
    std::string reason;
    for (uint32_t i = 0; i < views.size() && reason.empty(); ++i) {
      Cell cell;
      if (!views[i].is_null(row))
        if (std::string_view wrong = read_cell(views[i], checked[i], row, rows.arena, cell); !wrong.empty())
          reason = "column \"" + std::string(views[i].name()) + "\" has " + std::string(wrong);
      cell.column = places[i];
      rows.cells.push_back(cell);
    }
    if (reason.empty()) {
      rows.rows.push_back({row, begin, static_cast<uint32_t>(rows.cells.size())});
      continue;
    }
    rows.cells.resize(begin);
    rows.refuse(row, "E_VALUE", std::move(reason));
  }
}

void read_whole_documents(const BatchView& batch, bool json, TableTarget& target, RowSet& rows) {
  static constexpr std::string_view blanks = " \t\r\n";
  const DocumentsView documents(batch);
  if (documents.size() == 0) return;
  const bool keyed = !target.key().empty();
  const uint32_t key_place = keyed ? column_for(target, target.key()[0], "TEXT") : 0;
  const uint32_t value_place = column_for(target, "value", json ? "JSON TEXT" : "TEXT");
  for (uint32_t record = 0; record < documents.size(); ++record) {
    const auto begin = static_cast<uint32_t>(rows.cells.size());
    const auto key = documents.key(record);
    std::string_view value = documents.value(record);
    if (json) {
      const size_t first = value.find_first_not_of(blanks);
      value = first == value.npos ? value.substr(0, 0)
                                  : value.substr(first, value.find_last_not_of(blanks) - first + 1);
    }
    const bool is_delete = documents.is_delete(record);
    if ((!is_delete && !is_utf8(value)) || (key && !is_utf8(*key))) {
      rows.refuse(record, "E_VALUE", "the document or its key is not UTF-8");
      continue;
    }
    if (key && (keyed || is_delete)) {
      rows.cells.push_back(Cell::of_bytes(Cell::Kind::text, *key, seen_text));
      rows.cells.back().column = key_place;
    }
    if (!is_delete) {
      rows.cells.push_back(Cell::of_bytes(Cell::Kind::text, value, seen_text));
      rows.cells.back().column = value_place;
    }
    rows.rows.push_back({record, begin, static_cast<uint32_t>(rows.cells.size()), is_delete});
  }
}

}  // namespace sluice::sqlite
