// Table rows as CSV text, RFC 4180.
#pragma once

#include <sluice/batch/batch_view.hpp>
#include <string>
#include <string_view>

#include "csv_parser.hpp"

namespace sluice::file {

// Null is an empty field, an empty text is a quoted one. Dates and timestamps as RFC 3339 has them, UTC.
class CsvWriter {
 public:
  explicit CsvWriter(const CsvDialect& dialect) : dialect_(dialect) {}

  void put_header(const std::vector<std::string>& names, std::string& out) const;
  void put_rows(const BatchView& batch, std::string& out) const;

 private:
  void put_text(std::string_view text, std::string& out) const;
  void put_cell(const ColumnView& column, uint32_t row, std::string& out) const;

  const CsvDialect dialect_;
};

}  // namespace sluice::file
