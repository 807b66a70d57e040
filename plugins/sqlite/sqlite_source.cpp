#include "sqlite_source.hpp"

#include <cmath>

#include "row_reader.hpp"

namespace sluice::sqlite {

namespace {

// A cursor's value as it can stand in a checkpoint.
Json cursor_json(Statement& statement, int column, const std::string& where) {
  switch (statement.type(column)) {
    case SQLITE_NULL:
      return nullptr;
    case SQLITE_INTEGER:
      return statement.integer(column);
    case SQLITE_FLOAT:
      if (std::isfinite(statement.real(column))) return statement.real(column);
      break;
    case SQLITE_TEXT:
      if (is_utf8(statement.bytes(column))) return statement.bytes(column);
      break;
    default:
      break;
  }
  throw Error(
      ErrorClass::config, "E_CONFIG",
      "the cursor has a value that no checkpoint can hold: a blob, an infinity or text that is not UTF-8",
      where)
      .try_this("choose another cursor column");
}

Error bad_checkpoint(const Json& checkpoint, const std::string& wanted) {
  return Error(ErrorClass::config, "E_CHECKPOINT",
               "the checkpoint " + checkpoint.dump().substr(0, 100) + " is not of the form " + wanted)
      .try_this("run without a checkpoint once, or set \"cursor\" as it was");
}

// `text` backs the cursor while the statement runs.
void bind_checkpoint(Statement& statement, const Json& checkpoint, bool by_cursor, std::string& text) {
  const std::string wanted = by_cursor ? R"({"cursor": value, "rowid": n})" : R"({"rowid": n})";
  const Json *rowid = checkpoint.find("rowid"), *cursor = checkpoint.find("cursor");
  if (!rowid || !rowid->is_integer() || (cursor != nullptr) != by_cursor)
    throw bad_checkpoint(checkpoint, wanted);
  statement.bind(1, rowid->as_integer());
  if (!by_cursor) return;
  if (cursor->is_integer()) return statement.bind(2, cursor->as_integer());
  if (cursor->is_number()) return statement.bind(2, cursor->as_number());
  if (!cursor->is_string()) throw bad_checkpoint(checkpoint, wanted);
  text = cursor->as_string();
  statement.bind_text(2, text);
}

}  // namespace

SqliteSource::SqliteSource(const Context& context)
    : host_(context.host()), settings_(context), database_(context.host()) {}

void SqliteSource::open() {
  if (!database_.is_open()) database_.open(settings_.options(true));
}

bool SqliteSource::incremental_possible(const SourceTable& table) const {
  return !table.rowid.empty() && (settings_.cursor.empty() || table.column(settings_.cursor));
}

Unit SqliteSource::describe(const SourceTable& table) const {
  Unit unit{.id = table.name};
  unit.modes = {"FULL"};
  if (incremental_possible(table)) unit.modes.emplace_back("INCREMENTAL");
  for (const SourceColumn& column : table.columns)
    unit.schema.push_back({column.name, column.type, column.nullable});
  if (table.is_view) unit.details = Json::object({{"view", true}});
  return unit;
}

void SqliteSource::units(const std::function<bool(const Unit&)>& out) {
  open();
  for (const std::string& name : table_names(database_)) {
    std::optional<SourceTable> table;
    try {
      table = find_table(database_, name);
    } catch (const Error& error) {
      // A view over a table that is gone: nothing to read, and no reason to hide the others.
      if (error.code() != "E_SQLITE") throw;
      host_.log(LogLevel::warning, "\"" + name + "\" is left out: " + error.message());
      continue;
    }
    if (table && !out(describe(*table))) return;
  }
}

std::optional<Unit> SqliteSource::unit(std::string_view id) {
  open();
  const std::optional<SourceTable> table = find_table(database_, id);
  return table ? std::optional(describe(*table)) : std::nullopt;
}

SqliteSource::Order SqliteSource::order_for(const SourceTable& table, const ReadRequest& request) {
  const bool possible = incremental_possible(table);
  if (request.incremental && !possible)
    throw Error(ErrorClass::config, "E_MODE_UNSUPPORTED",
                table.rowid.empty()
                    ? "\"" + table.name + "\" has no rowid, so it can only be read as a whole"
                    : "table \"" + table.name + "\" has no column \"" + settings_.cursor + "\"")
        .at(settings_.path)
        .try_this(table.rowid.empty() ? "run in mode FULL" : "set \"cursor\" to one of its columns");
  Order order{"SELECT ", possible, possible && !settings_.cursor.empty()};
  const std::string cursor = quoted(settings_.cursor);
  order.sql += (possible ? table.rowid : "NULL") + ", " + (order.by_cursor ? cursor : "NULL");
  for (const SourceColumn& column : table.columns) order.sql += ", " + quoted(column.name);
  order.sql += " FROM " + quoted(table.name);
  if (request.checkpoint && order.by_cursor)
    order.sql += " WHERE " + cursor + " >= ?2 AND (" + cursor + " > ?2 OR " + table.rowid + " > ?1)";
  else if (request.checkpoint && possible)
    order.sql += " WHERE " + table.rowid + " > ?1";
  else if (request.incremental && order.by_cursor)
    order.sql += " WHERE " + cursor + " IS NOT NULL";
  if (order.by_cursor)
    order.sql += " ORDER BY " + cursor + ", " + table.rowid;
  else if (possible)
    order.sql += " ORDER BY " + table.rowid;
  return order;
}

void SqliteSource::warn_of_null_cursors(const SourceTable& table) {
  Statement count(database_, "SELECT count(*) FROM " + quoted(table.name) + " WHERE " +
                                 quoted(settings_.cursor) + " IS NULL");
  if (!count.step() || count.integer(0) == 0) return;
  host_.log(LogLevel::warning, "rows whose cursor is null are left out; mode FULL reads them",
            Json::object({{"table", table.name}, {"cursor", settings_.cursor}, {"rows", count.integer(0)}}));
}

void SqliteSource::read(const ReadRequest& request, SourceWriter& out) {
  open();
  const std::optional<SourceTable> table = find_table(database_, request.unit_id);
  if (!table)
    throw Error(ErrorClass::config, "E_UNIT_UNKNOWN", "there is no table \"" + request.unit_id + "\"")
        .at(settings_.path);
  const Order order = order_for(*table, request);
  if (request.incremental && order.by_cursor) warn_of_null_cursors(*table);

  Statement rows(database_, order.sql);
  std::string cursor_text;
  if (request.checkpoint && order.keeps_position)
    bind_checkpoint(rows, *request.checkpoint, order.by_cursor, cursor_text);

  std::vector<Field> fields;
  for (const SourceColumn& column : table->columns)
    fields.push_back({column.name, column.type, column.nullable});
  // The last row read; building the object waits until a batch asks for it.
  Json cursor;
  std::optional<int64_t> rowid;
  TableBuilder builder(out, std::move(fields), [&]() -> Json {
    if (!rowid) return request.checkpoint && order.keeps_position ? *request.checkpoint : Json();
    if (!order.by_cursor) return Json::object({{"rowid", *rowid}});
    return Json::object({{"cursor", cursor}, {"rowid", *rowid}});
  });
  RowReader reader(*table);
  for (uint64_t row = 0; rows.step(); ++row) {
    if (row % 1024 == 0) host_.throw_if_cancelled();
    const auto where = [&] {
      return "table \"" + table->name + "\", " +
             (order.keeps_position ? "rowid " + std::to_string(rows.integer(0))
                                   : "row " + std::to_string(row + 1));
    };
    builder.begin_row();
    if (const std::string reason = reader.read(rows, 2, builder); reason.empty()) {
      builder.end_row(table->name);
    } else {
      builder.cancel_row();
      out.reject("E_VALUE", reason, where());
    }
    if (order.by_cursor) cursor = cursor_json(rows, 1, table->name);
    // Rows without a cursor come first; no position lies among them.
    if (order.keeps_position && (!order.by_cursor || !cursor.is_null())) rowid = rows.integer(0);
  }
  builder.flush();
}

}  // namespace sluice::sqlite
