// Aligned columns for people.
#pragma once

#include <string>
#include <vector>

namespace sluice::host::cli {

class Table {
 public:
  // No heading: rows alone, as for a list of names and values.
  explicit Table(std::vector<std::string> heading = {}) : heading_(std::move(heading)) {}

  // Cells are outside text: control characters are shown as escapes. Missing cells are empty; a row may not
  // be longer than the first one.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  void align_right(std::size_t column) { right_.push_back(column); }

  // Two blanks between columns, none at the end of a line; a column that is empty in every row is left out.
  // The heading is bold when `color`.
  std::string text(bool color) const;

 private:
  std::vector<std::string> heading_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> right_;
};

}  // namespace sluice::host::cli
