// The read loop of file.csv: rows out of the file, typed cells into tables.
#pragma once

#include <optional>
#include <sluice/batch/table_builder.hpp>
#include <sluice/host_services.hpp>
#include <string>

#include "byte_input.hpp"
#include "csv_layout.hpp"
#include "file_position.hpp"
#include "json_validator.hpp"

namespace sluice::file {

struct CsvTask {
  std::string name;  // for messages: the file's path
  bool incremental = false;
  std::optional<uint64_t> published = {};  // the offset that the caller's checkpoint has already
};

// [one thread] One read of one file to its end. A row that does not fit is rejected and spares its
// neighbours; when its quotes are broken, reading goes on at the next line.
class CsvReader {
 public:
  // `position` is where `ahead` begins: bytes that were read from `input` and are not consumed.
  CsvReader(const HostServices& host, ByteInput& input, FilePosition position, std::string ahead,
            const CsvLayout& layout, const CsvConfig& config, CsvTask task, SourceWriter& out);

  void run();

 private:
  struct Refusal {
    std::string code, reason;
  };

  // False when nothing more can be done: the end, or an unterminated row that waits for the next run.
  bool step();
  bool take_row();
  bool take_broken(std::string_view why);
  void take_endless();
  std::optional<Refusal> put_cells();
  std::optional<Refusal> put_cell(size_t column);
  std::optional<Refusal> check_utf8();
  bool put_value(size_t column, std::string_view text);
  void reject(const Refusal& refusal, std::string_view value);
  bool wait_for_more();
  bool fill();
  void consume(size_t bytes, uint64_t lines);

  std::string_view rest() const { return std::string_view(buffer_).substr(begin_); }
  std::string where() const { return task_.name + ":" + std::to_string(position_.lines() + 1); }

  const HostServices& host_;
  ByteInput& input_;
  FilePosition position_;  // of the row under construction
  std::string buffer_;
  size_t begin_ = 0;  // of what is not consumed
  bool at_end_ = false;
  const CsvLayout& layout_;
  const CsvConfig& config_;
  const CsvTask task_;
  SourceWriter& out_;
  const Json table_;  // for checkpoints
  CsvParser parser_;
  JsonValidator json_;
  uint64_t counted_bytes_;
  TableBuilder builder_;
};

}  // namespace sluice::file
