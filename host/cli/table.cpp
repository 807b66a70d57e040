#include "host/cli/table.hpp"

#include <algorithm>

#include "host/cli/terminal.hpp"
#include "host/log/printable.hpp"

namespace sluice::host::cli {

std::string Table::text(bool color) const {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(rows_.size());
  std::size_t columns = heading_.size();
  for (const auto& row : rows_) {
    columns = std::max(columns, row.size());
    std::transform(row.begin(), row.end(), std::back_inserter(rows.emplace_back()),
                   [](const std::string& cell) { return printable(cell); });
  }
  std::vector<unsigned> widths(columns, 0);
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c]));
  std::vector<bool> shown(columns);
  for (std::size_t c = 0; c < columns; ++c) {
    shown[c] = widths[c] > 0;
    if (c < heading_.size()) widths[c] = std::max(widths[c], display_width(heading_[c]));
  }

  auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    std::size_t kept = 0;  // without the blanks that end the line
    for (std::size_t c = 0; c < columns; ++c) {
      if (!shown[c]) continue;
      const std::string cell = c < cells.size() ? cells[c] : std::string();
      const unsigned fill = widths[c] - display_width(cell);
      const bool right = std::find(right_.begin(), right_.end(), c) != right_.end();
      if (right) out.append(fill, ' ');
      out += cell;
      if (!cell.empty()) kept = out.size();
      if (!right) out.append(fill, ' ');
      out += "  ";
    }
    out.resize(kept);
    return out;
  };
  std::string out;
  if (!heading_.empty()) out += painted(line(heading_), Paint::bold, color) + "\n";
  for (const auto& row : rows) out += line(row) + "\n";
  return out;
}

}  // namespace sluice::host::cli
