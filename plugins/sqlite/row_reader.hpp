// Values of SQLite as cells of a batch. A value has its own type in SQLite, whatever its column declares.
#pragma once

#include <string>
#include <string_view>

#include <sluice/batch/table_builder.hpp>

#include "catalog.hpp"

namespace sluice::sqlite {

class RowReader {
 public:
  explicit RowReader(const SourceTable& table) : table_(table) {}

  // Puts the statement's row, whose cells begin at result column `first`, into the row that `out` has begun.
  // Empty: done. Else why the row does not fit its columns; take it back then.
  std::string read(Statement& statement, int first, TableBuilder& out);

 private:
  bool read_value(Statement& statement, int from, const SourceColumn& column, size_t to, TableBuilder& out);
  bool read_dynamic(Statement& statement, int from, size_t to, TableBuilder& out);

  const SourceTable& table_;
  std::string scratch_;
};

bool is_utf8(std::string_view text);

}  // namespace sluice::sqlite
