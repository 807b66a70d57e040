// The configuration of file.csv.
#pragma once

#include <optional>
#include <sluice/sdk.hpp>
#include <string>
#include <vector>

#include "csv_parser.hpp"

namespace sluice::file {

inline constexpr TemplateInfo csv_info{
    .id = "file.csv",
    .title = "CSV files",
    .description =
        "Rows of CSV (RFC 4180) as typed columns, declared or found out from the first 1,000 rows. A row "
        "that "
        "does not fit is rejected with file, line and reason. A unit is a file. Incremental by file identity "
        "and byte offset.",
    .config_schema = R"({
  "type": "object", "additionalProperties": false, "required": ["path"],
  "properties": {
    "path": {"type": "string", "minLength": 1, "title": "File, glob or folder",
      "description": "Source: a file, a glob (*, ?, [...], ** for folders) or a folder with all files below it; dot files are left out. Sink: a file, or a folder (it exists, or the path ends in /) that gets a file per unit."},
    "compression": {"enum": ["auto", "none", "gzip", "zstd"], "default": "auto", "title": "Compression",
      "description": "auto goes by the file name: .gz is gzip, .zst and .zstd are zstd."},
    "delimiter": {"type": "string", "minLength": 1, "maxLength": 1, "default": ",", "title": "Delimiter",
      "description": "The character between fields."},
    "quote": {"type": "string", "minLength": 1, "maxLength": 1, "default": "\"", "title": "Quote",
      "description": "The character around fields that hold delimiters, quotes or newlines; doubled inside them."},
    "header": {"type": "boolean", "default": true, "title": "Header",
      "description": "Whether the first row has the columns' names. Without it they are column_1, column_2, ..."},
    "columns": {"type": "array", "maxItems": 4096, "title": "Columns",
      "description": "Source: types that shall not be guessed. With a header they are found by name and may be some of the columns; without one they are all columns in order.",
      "items": {"type": "object", "additionalProperties": false, "required": ["name", "type"],
        "properties": {
          "name": {"type": "string", "minLength": 1, "title": "Name", "description": "The column's name."},
          "type": {"enum": ["bool", "int64", "float64", "utf8", "binary", "date32", "timestamp", "json"],
            "title": "Type", "description": "What its values are."}}}},
    "nulls": {"type": "array", "items": {"type": "string"}, "default": [""], "title": "Nulls",
      "description": "Source: fields that mean no value. A quoted field of a text column is never null."}
  }
})"};

struct CsvConfig {
  std::string path, compression;
  CsvDialect dialect;
  std::vector<Field> declared;
  std::vector<std::string> nulls;

  // E_CONFIG_INVALID where the schema cannot tell.
  explicit CsvConfig(const Json& config);
  bool is_null(const CsvField& field, Type type) const;
};

}  // namespace sluice::file
