// Batches that are no JSON objects as rows: typed tables, and documents kept whole.
#pragma once

#include <string_view>

#include <sluice/batch/batch_view.hpp>

#include "row_set.hpp"
#include "table_target.hpp"

namespace sluice::sqlite {

// Rows of a table batch. Two columns whose names differ only in case are E_CONFIG: SQLite has one place for
// both. A date that has no four-digit year, and text that is no UTF-8, are refusals of their row.
void read_table_rows(const BatchView& batch, TableTarget& target, RowSet& rows);

// Documents whole, in the column "value". With a key column in the target, the record's key goes there.
// `json`: blanks around the value are left out, and the column is declared as JSON.
void read_whole_documents(const BatchView& batch, bool json, TableTarget& target, RowSet& rows);

}  // namespace sluice::sqlite
