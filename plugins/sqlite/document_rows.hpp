// JSON documents as rows: a top-level key is a column.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sluice/batch/batch_view.hpp>

#include "row_set.hpp"
#include "table_target.hpp"

namespace sluice::sqlite {

// Keeps the parser's buffers, and the columns that the last document had in each place: documents of one
// shape look no name up.
class DocumentRows {
 public:
  explicit DocumentRows(TableTarget& target);
  ~DocumentRows();

  // Every document of the batch becomes a row or a refusal. Cells point into the batch and the rows' arena.
  void read(const BatchView& batch, RowSet& rows);

 private:
  struct Parser;
  struct Place {
    std::string key;
    uint32_t column;
  };

  // Each answers why the document is refused; empty: it is well, and its cells are in `rows`.
  std::string read_document(std::string_view text, const char* readable_end, RowSet& rows);
  std::string read_large_numbers(std::string_view text, RowSet& rows);
  std::string add(std::string_view key, size_t place, Cell cell, RowSet& rows);
  std::optional<uint32_t> column_of(std::string_view key, size_t place);

  TableTarget& target_;
  std::unique_ptr<Parser> parser_;
  std::vector<Place> places_;
  uint64_t places_of_ = 0;            // generation of the target they belong to
  std::vector<uint64_t> written_in_;  // per column: the last document that had it
  uint64_t document_ = 0;
};

}  // namespace sluice::sqlite
