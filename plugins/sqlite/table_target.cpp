#include "table_target.hpp"

#include <algorithm>

namespace sluice::sqlite {

namespace {

std::string type_for(const Columns::Column& column) {
  if (column.type_given) return column.declared;
  switch (column.seen) {
    case seen_integer:
      return "INTEGER";
    case seen_real:
      return "REAL";
    case seen_integer | seen_real:
      return "NUMERIC";
    case seen_boolean:
      return "BOOLEAN";
    case seen_text:
      return "TEXT";
    case seen_json:
      return "JSON TEXT";
    case seen_blob:
      return "BLOB";
    default:
      return "";  // nothing but null, or a mixture: no type means that SQLite converts nothing
  }
}

// What belongs to the row and not to the database: such a row is rejected, and the others go on.
bool row_is_at_fault(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH || primary == SQLITE_TOOBIG;
}

}  // namespace

std::string Columns::folded(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::optional<uint32_t> Columns::find(std::string_view name) const {
  const auto found = by_name_.find(folded(name));
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

uint32_t Columns::add(std::string name) {
  const auto index = static_cast<uint32_t>(columns_.size());
  by_name_.emplace(folded(name), index);
  columns_.emplace_back().name = std::move(name);
  return index;
}

void Columns::truncate(size_t count) {
  for (; columns_.size() > count; columns_.pop_back()) by_name_.erase(folded(columns_.back().name));
}

TableTarget::TableTarget(Database& database, std::string table, std::vector<std::string> key)
    : database_(database), table_(std::move(table)), key_(std::move(key)) {
  (void)quoted(table_);
  if (table_.empty() || table_.starts_with("_sluice_") || table_.starts_with("sqlite_"))
    throw Error(ErrorClass::config, "E_CONFIG", "\"" + table_ + "\" cannot be the name of a table")
        .at(database.path())
        .try_this("set \"table\" to another name");
}

void TableTarget::load(bool whole_rows) {
  columns_ = Columns();
  written_.clear();
  many_ = Statement();
  one_ = Statement();
  erase_ = Statement();
  exists_ = false;
  ++generation_;
  Statement info(database_, "PRAGMA table_xinfo(" + quoted(table_) + ")");
  while (info.step()) {
    exists_ = true;
    const bool has_default = info.type(4) != SQLITE_NULL, is_key = info.integer(5) != 0;
    const bool ordinary = info.integer(6) == 0;
    Columns::Column& column = columns_[columns_.add(std::string(info.bytes(1)))];
    column.exists = true;
    column.written = whole_rows && ordinary && !has_default && !is_key;
  }
}

bool TableTarget::has_rows() {
  return Statement(database_, "SELECT 1 FROM " + quoted(table_) + " LIMIT 1").step();
}

void TableTarget::clear() {
  if (exists_) database_.execute("DELETE FROM " + quoted(table_));
}

size_t TableTarget::max_columns() const {
  return static_cast<size_t>(sqlite3_limit(database_.handle(), SQLITE_LIMIT_COLUMN, -1));
}

uint64_t TableTarget::apply(RowSet& rows) {
  widen(rows);
  uint64_t applied = 0;
  size_t begin = 0;
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    if (!rows.rows[i].is_delete) continue;
    applied += insert(rows, begin, i);
    applied += erase(rows, rows.rows[i]) ? 1 : 0;
    begin = i + 1;
  }
  return applied + insert(rows, begin, rows.rows.size());
}

// Makes the columns that the rows need, and has them in the INSERT.
void TableTarget::widen(const RowSet& rows) {
  bool changed = !one_;
  for (const Row& row : rows.rows) {
    if (row.is_delete) continue;
    for (uint32_t i = row.begin; i < row.end; ++i) {
      Columns::Column& column = columns_[rows.cells[i].column];
      column.seen |= rows.cells[i].seen;
      changed = changed || !column.written;
      column.written = true;
    }
  }
  if (!changed) return;
  std::vector<uint32_t> fresh;
  for (uint32_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].written && !columns_[i].exists) fresh.push_back(i);
  if (!fresh.empty()) create_columns(fresh);
  prepare();
}

void TableTarget::create_columns(const std::vector<uint32_t>& fresh) {
  std::string definitions;
  for (const uint32_t index : fresh) {
    Columns::Column& column = columns_[index];
    std::string definition = quoted(column.name);
    if (const std::string type = type_for(column); !type.empty()) definition += ' ' + type;
    if (exists_)
      database_.execute("ALTER TABLE " + quoted(table_) + " ADD COLUMN " + definition);
    else
      definitions += (definitions.empty() ? "" : ", ") + definition;
  }
  if (!exists_) database_.execute("CREATE TABLE " + quoted(table_) + " (" + definitions + ")");
  exists_ = true;
  for (const uint32_t index : fresh) columns_[index].exists = true;
}

void TableTarget::prepare() {
  many_ = Statement();
  one_ = Statement();
  erase_ = Statement();
  written_.clear();
  key_columns_.clear();
  for (uint32_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].written) {
      written_.push_back(i);
      columns_[i].slot = static_cast<int>(written_.size());
    }
  for (const std::string& name : key_)
    if (const auto column = columns_.find(name); column && columns_[*column].exists)
      key_columns_.push_back(*column);
  if (key_columns_.size() < key_.size() || !exists_) return;
  for (const uint32_t column : key_columns_)
    if (!columns_[column].written) return;
  if (!key_.empty()) {
    // A primary key or unique index that stands already is as good as one of ours.
    sqlite3_stmt* probe = nullptr;
    const std::string sql = insert_sql(1);
    const int code = sqlite3_prepare_v2(database_.handle(), sql.c_str(), -1, &probe, nullptr);
    sqlite3_finalize(probe);
    if (code != SQLITE_OK) {
      std::string index = "_sluice_key_" + table_, list;
      for (const std::string& name : key_) {
        index += '_' + name;
        list += (list.empty() ? "" : ", ") + quoted(name);
      }
      Statement create(database_, "CREATE UNIQUE INDEX IF NOT EXISTS " + quoted(index) + " ON " +
                                      quoted(table_) + " (" + list + ")");
      if (const int made = create.run(); (made & 0xff) == SQLITE_CONSTRAINT)
        throw Error(ErrorClass::config, "E_SQLITE_KEY_NOT_UNIQUE",
                    "rows of table \"" + table_ + "\" have the same key (" + list + ") already")
            .at(database_.path())
            .try_this("remove the doubles, or choose another key");
      else if (made != SQLITE_OK)
        database_.fail(made, "make the index of the key");
    }
  }
  const auto variables =
      static_cast<size_t>(sqlite3_limit(database_.handle(), SQLITE_LIMIT_VARIABLE_NUMBER, -1));
  rows_at_once_ = std::clamp<size_t>(variables / std::max<size_t>(written_.size(), 1), 1, most_rows_at_once);
  one_ = Statement(database_, insert_sql(1));
  if (rows_at_once_ > 1 && !written_.empty()) many_ = Statement(database_, insert_sql(rows_at_once_));
}

std::string TableTarget::insert_sql(size_t rows) const {
  std::string sql = "INSERT INTO " + quoted(table_);
  if (written_.empty()) return sql + " DEFAULT VALUES";
  std::string names, values, updates, keys;
  for (const uint32_t index : written_) {
    const std::string name = quoted(columns_[index].name);
    names += (names.empty() ? "" : ", ") + name;
    values += values.empty() ? "(?" : ",?";
    if (std::find(key_columns_.begin(), key_columns_.end(), index) == key_columns_.end())
      updates += (updates.empty() ? "" : ", ") + name + "=excluded." + name;
  }
  values += ')';
  sql += " (" + names + ") VALUES ";
  for (size_t row = 0; row < rows; ++row) sql += (row ? "," : "") + values;
  if (key_.empty()) return sql;
  for (const uint32_t column : key_columns_)
    keys += (keys.empty() ? "" : ", ") + quoted(columns_[column].name);
  return sql + " ON CONFLICT (" + keys + ") DO " + (updates.empty() ? "NOTHING" : "UPDATE SET " + updates);
}

bool TableTarget::key_is_whole(RowSet& rows, const Row& row) {
  for (const std::string& name : key_) {
    const auto column = columns_.find(name);
    bool there = false;
    for (uint32_t i = row.begin; column && i < row.end; ++i)
      there = there || (rows.cells[i].column == *column && rows.cells[i].kind != Cell::Kind::null);
    if (!there) {
      rows.refuse(row.record, "E_KEY_MISSING", "the key \"" + name + "\" is missing or null");
      return false;
    }
  }
  return true;
}

void TableTarget::bind(Statement& statement, const RowSet& rows, const Row& row, int base) {
  for (uint32_t i = row.begin; i < row.end; ++i) {
    const Cell& cell = rows.cells[i];
    const int index = base + columns_[cell.column].slot;
    int code = SQLITE_OK;
    switch (cell.kind) {
      case Cell::Kind::null:
        statement.bind_null(index);
        break;
      case Cell::Kind::integer:
        statement.bind(index, cell.integer);
        break;
      case Cell::Kind::real:
        statement.bind(index, cell.real);
        break;
      case Cell::Kind::text:
        code = statement.bind_text(index, cell.bytes());
        break;
      case Cell::Kind::blob:
        code = statement.bind_blob(index, cell.bytes());
        break;
    }
    if (code != SQLITE_OK) database_.fail(code, "bind a value");
  }
}

uint64_t TableTarget::insert(RowSet& rows, size_t begin, size_t end) {
  std::vector<const Row*> group;
  uint64_t inserted = 0;
  const auto flush = [&] {
    if (group.size() == rows_at_once_ && many_) {
      many_.clear_bindings();
      for (size_t i = 0; i < group.size(); ++i)
        bind(many_, rows, *group[i], static_cast<int>(i * written_.size()));
      const int code = many_.run();
      if (code == SQLITE_OK) {
        inserted += group.size();
        return group.clear();
      }
      // The statement as a whole was undone; row by row the culprits show.
      if (!row_is_at_fault(code) || !database_.in_transaction()) database_.fail(code, "insert rows");
    }
    for (const Row* row : group) inserted += insert_one(rows, *row) ? 1 : 0;
    group.clear();
  };
  for (size_t i = begin; i < end; ++i) {
    if (!key_.empty() && !key_is_whole(rows, rows.rows[i])) continue;
    group.push_back(&rows.rows[i]);
    if (group.size() == rows_at_once_) flush();
  }
  flush();
  return inserted;
}

bool TableTarget::insert_one(RowSet& rows, const Row& row) {
  if (!one_) {
    rows.refuse(row.record, "E_NO_COLUMNS",
                "the record has no values, and there is no table \"" + table_ + "\" yet that could hold it");
    return false;
  }
  one_.clear_bindings();
  bind(one_, rows, row, 0);
  const int code = one_.run();
  if (code == SQLITE_OK) return true;
  if (!row_is_at_fault(code) || !database_.in_transaction()) database_.fail(code, "insert a row");
  rows.refuse(row.record, "E_SQLITE_CONSTRAINT", sqlite3_errmsg(database_.handle()));
  return false;
}

// A key that is not there is deleted already.
bool TableTarget::erase(RowSet& rows, const Row& row) {
  if (key_.size() != 1 || row.begin == row.end) {
    rows.refuse(row.record, "E_DELETE_WITHOUT_KEY",
                "a deletion needs the record's key, and exactly one column in \"key\"");
    return false;
  }
  const auto column = columns_.find(key_[0]);
  if (!column || !columns_[*column].exists) return true;
  if (!erase_)
    erase_ = Statement(database_,
                       "DELETE FROM " + quoted(table_) + " WHERE " + quoted(columns_[*column].name) + " = ?");
  if (const int bound = erase_.bind_text(1, rows.cells[row.begin].bytes()); bound != SQLITE_OK)
    database_.fail(bound, "bind a key");
  const int code = erase_.run();
  if (code == SQLITE_OK) return true;
  if (!row_is_at_fault(code) || !database_.in_transaction()) database_.fail(code, "delete a row");
  rows.refuse(row.record, "E_SQLITE_CONSTRAINT", sqlite3_errmsg(database_.handle()));
  return false;
}

}  // namespace sluice::sqlite
