// file.csv as a sink of tables.
#pragma once

#include <sluice/sdk.hpp>

#include <memory>
#include <vector>

#include "csv_config.hpp"
#include "csv_writer.hpp"
#include "file_output.hpp"

namespace sluice::file {

class CsvSink final : public Sink {
 public:
  static constexpr SinkInfo sink_info{
      .formats = "tables", .delivery = "append", .slices = "ordered", .content_types = ""};

  explicit CsvSink(const Context& context);

  std::optional<Json> open(const WriteRequest& request) override;
  WriteResult write(const BatchView& batch, Rejects& rejects) override;
  Reached commit(const CommitToken& token) override;
  void abort() override {
    if (output_) output_->abort();
  }
  void check() override { check_output(config_.path); }

 private:
  void require_columns(const std::vector<std::string>& names);
  void read_existing_header();

  const HostServices host_;
  const CsvConfig config_;
  const CsvWriter writer_;
  std::unique_ptr<FileOutput> output_;
  std::vector<std::string> announced_;  // columns that the source describes
  std::vector<std::string> columns_;    // that the file has; empty: not known yet
  bool owes_header_ = false;
  std::string text_;  // of one batch; kept for its memory
};

}  // namespace sluice::file
