// The table that a sink writes to: its columns, how it is made and widened, and the statements that fill it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "database.hpp"
#include "row_set.hpp"

namespace sluice::sqlite {

// Columns by name. SQLite folds the case of ASCII letters in names, so "Id" and "id" are one column.
class Columns {
 public:
  struct Column {
    std::string name;
    std::string declared;     // type for CREATE and ALTER; empty: decided by what was seen, or none
    bool exists = false;      // in the database
    bool written = false;     // part of the INSERT
    bool type_given = false;  // `declared` stands, whatever is seen
    uint8_t seen = 0;
    int slot = 0;  // parameter in a row of the INSERT, from 1
  };

  std::optional<uint32_t> find(std::string_view name) const;
  uint32_t add(std::string name);
  // Forgets columns that were added after there were `count`.
  void truncate(size_t count);

  size_t size() const { return columns_.size(); }
  Column& operator[](uint32_t index) { return columns_[index]; }
  const Column& operator[](uint32_t index) const { return columns_[index]; }
  auto begin() { return columns_.begin(); }
  auto end() { return columns_.end(); }

 private:
  static std::string folded(std::string_view name);
  std::vector<Column> columns_;
  std::unordered_map<std::string, uint32_t> by_name_;
};

// Works inside the caller's transaction. After a rollback call load() before anything else.
class TableTarget {
 public:
  TableTarget(Database& database, std::string table, std::vector<std::string> key);

  const std::string& name() const { return table_; }
  const std::vector<std::string>& key() const { return key_; }

  // Reads the table's present columns. `whole_rows`: columns that a record does not mention become NULL
  // instead of keeping what an upsert finds (columns with a default keep theirs).
  void load(bool whole_rows);
  // Changes whenever load() or truncation may have moved columns: cached indexes are void then.
  uint64_t generation() const { return generation_; }
  bool exists() const { return exists_; }
  bool has_rows();
  void clear();

  Columns& columns() { return columns_; }
  // The most columns that SQLite lets a table have.
  size_t max_columns() const;

  // Applies rows in order. Rows that SQLite or the key refuses are added to `rows.refused`; gives how many
  // were applied.
  uint64_t apply(RowSet& rows);

 private:
  void widen(const RowSet& rows);
  void create_columns(const std::vector<uint32_t>& fresh);
  void prepare();
  std::string insert_sql(size_t rows) const;
  bool key_is_whole(RowSet& rows, const Row& row);
  void bind(Statement& statement, const RowSet& rows, const Row& row, int base);
  uint64_t insert(RowSet& rows, size_t begin, size_t end);
  bool insert_one(RowSet& rows, const Row& row);
  bool erase(RowSet& rows, const Row& row);

  static constexpr size_t most_rows_at_once = 64;

  Database& database_;
  const std::string table_;
  const std::vector<std::string> key_;
  Columns columns_;
  bool exists_ = false;
  uint64_t generation_ = 0;
  std::vector<uint32_t> written_;      // columns of the INSERT, in order
  std::vector<uint32_t> key_columns_;  // as far as they exist
  size_t rows_at_once_ = 1;
  Statement many_, one_, erase_;
};

}  // namespace sluice::sqlite
