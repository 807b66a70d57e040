// Rows out of the tables of a SQLite database.
#pragma once

#include <optional>
#include <string>

#include <sluice/sdk.hpp>

#include "catalog.hpp"
#include "database.hpp"
#include "settings.hpp"

namespace sluice::sqlite {

// Reads inside one statement, and so one state of the database. The checkpoint is {"rowid": n}, or
// {"cursor": value, "rowid": n} with a cursor column: the last row read, in the order (cursor, rowid), so
// that rows with equal cursors are neither left out nor read twice.
class SqliteSource final : public Source {
 public:
  static constexpr TemplateInfo info{
      .id = "sqlite",
      .title = "SQLite",
      .description =
          "Tables of a SQLite database. As a source: a unit is a table or view; INCREMENTAL goes on behind "
          "the "
          "last rowid, or behind the last value of a `cursor` column that only grows (rows whose cursor is "
          "null are read in mode FULL alone; views and tables WITHOUT ROWID know FULL alone). As a sink: "
          "rows "
          "and commit token go into one transaction; tables are made, and widened by new columns; documents "
          "that are JSON objects become columns by their top-level keys, nested values as JSON text. With "
          "`key` rows are updated in place. FULL replaces what the unit wrote before, all at once, at the "
          "end. "
          "Values follow SQLite's rules: text that looks like a number becomes one in a numeric column, and "
          "NaN becomes null.",
      .config_schema = R"({
  "type": "object",
  "additionalProperties": false,
  "required": ["path"],
  "properties": {
    "path": {"type": "string", "minLength": 1, "description": "The database file. A sink makes it."},
    "table": {"type": "string", "minLength": 1,
      "description": "Sink: the table to write. Default: the unit's name without folders and extension."},
    "key": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "uniqueItems": true,
      "description": "Sink: columns that identify a row. A record whose key stands already replaces that row."},
    "cursor": {"type": "string", "minLength": 1,
      "description": "Source: a column that grows, such as an id or the time of the last change."},
    "layout": {"enum": ["columns", "document"], "default": "columns",
      "description": "Sink, for documents: a column for each key, or the whole document in one column `value`."},
    "busyTimeout": {"type": "string", "pattern": "^[0-9]+(ms|s|m)$", "default": "5s",
      "description": "How long to wait for another connection's lock."},
    "password": {"type": "string", "x-secret": true,
      "description": "For SQLCipher builds of the library; refused by plain SQLite, which cannot encrypt."}
  }
})"};
  static constexpr SourceInfo source_info{.formats = "tables", .modes = "FULL,INCREMENTAL"};

  explicit SqliteSource(const Context& context);

  void units(const std::function<bool(const Unit&)>& out) override;
  std::optional<Unit> unit(std::string_view id) override;
  void read(const ReadRequest& request, SourceWriter& out) override;
  void cancel() noexcept override { database_.interrupt(); }

 private:
  // How far a read has come; empty before its first row.
  struct Order {
    std::string sql;      // SELECT rowid, cursor, columns ...
    bool keeps_position;  // by rowid or cursor
    bool by_cursor;
  };

  void open();
  Unit describe(const SourceTable& table) const;
  bool incremental_possible(const SourceTable& table) const;
  Order order_for(const SourceTable& table, const ReadRequest& request);
  void warn_of_null_cursors(const SourceTable& table);

  const HostServices host_;
  const Settings settings_;
  Database database_;
};

}  // namespace sluice::sqlite
