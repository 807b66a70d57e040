// What there is to read in a database: its tables and views, and their columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sluice/batch/types.hpp>

#include "database.hpp"

namespace sluice::sqlite {

struct SourceColumn {
  std::string name;
  Type type;
  bool dynamic;  // no known type is declared: every value is read as the JSON of what it is
  bool nullable;
};

struct SourceTable {
  std::string name;
  bool is_view = false;
  std::string rowid;  // a name for the rowid that no column hides; empty: there is none
  std::vector<SourceColumn> columns;

  // The column as declared (SQLite ignores case in names), or null.
  const SourceColumn* column(std::string_view name_of) const;
};

// Tables and views of the user, by name; those of SQLite and of Sluice are left out.
std::vector<std::string> table_names(Database& database);
std::optional<SourceTable> find_table(Database& database, std::string_view name);

}  // namespace sluice::sqlite
