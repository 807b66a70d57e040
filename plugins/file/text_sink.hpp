// The sinks of text: file.lines and file.ndjson.
#pragma once

#include <sluice/sdk.hpp>

#include <memory>

#include "file_output.hpp"

namespace sluice::file {

class TextSink : public Sink {
 public:
  std::optional<Json> open(const WriteRequest& request) override;
  WriteResult write(const BatchView& batch, Rejects& rejects) override;
  Reached commit(const CommitToken& token) override { return output_->commit(token); }
  void abort() override {
    if (output_) output_->abort();
  }
  void check() override { check_output(path_); }

 protected:
  // `trims_newlines`: newlines at the ends of a record are blanks to its format.
  TextSink(const Context& context, bool trims_newlines);

 private:
  WriteResult write_values(const DocumentsView& documents, Rejects& rejects);
  // Why the value cannot be one line; empty: it can.
  std::string_view obstacle(std::string_view value) const;

  const HostServices host_;
  const std::string path_, compression_;
  const bool trims_newlines_;
  std::unique_ptr<FileOutput> output_;
  bool owes_newline_ = false;  // the last record of this run has no newline yet: none if nothing follows
  std::string lines_;          // of one batch; kept for its memory
};

class LinesSink final : public TextSink {
 public:
  static constexpr SinkInfo sink_info{
      .formats = "documents", .delivery = "append", .slices = "ordered", .content_types = ""};
  explicit LinesSink(const Context& context) : TextSink(context, false) {}
};

class NdjsonSink final : public TextSink {
 public:
  static constexpr SinkInfo sink_info{
      .formats = "documents", .delivery = "append", .slices = "ordered", .content_types = "application/json"};
  explicit NdjsonSink(const Context& context) : TextSink(context, true) {}
};

}  // namespace sluice::file
