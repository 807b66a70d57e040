// The columns of one CSV file: names from the header or the configuration, types declared or guessed.
#pragma once

#include <sluice/json.hpp>
#include <string>
#include <vector>

#include "csv_config.hpp"

namespace sluice::file {

struct CsvColumn {
  Field field;
  bool guessed = false;
};

struct CsvLayout {
  std::vector<CsvColumn> columns;
  uint64_t sampled_rows = 0;   // that guessed types rest on
  uint64_t content_begin = 0;  // where rows begin: behind byte order mark and header
  uint64_t content_lines = 0;  // newlines before them

  std::vector<Field> fields() const;
  // [{"name", "type", "guessed"}] and rows, for checkpoints; null when it would be too large for one.
  Json to_json() const;
  static CsvLayout from_json(const Json& json);
};

// The layout of a file that begins with `sample`; `whole`: that is all of it. E_CSV_COLUMNS (config): the
// declared columns do not fit the header, or the header does not end in the sample.
CsvLayout csv_layout(const CsvConfig& config, std::string_view sample, bool whole, const std::string& path);

// Names made usable: empty ones become column_3, later ones of the same name get _2, _3, ...
std::vector<std::string> usable_names(const std::vector<CsvField>& header);

inline constexpr size_t csv_sample_bytes = size_t{1} << 20;

}  // namespace sluice::file
