// The sink that keeps nothing: what remains of a run is its own speed.
#pragma once

#include <sluice/sdk.hpp>

namespace sluice::null {

class NullSink final : public Sink {
 public:
  static constexpr TemplateInfo info{
      .id = "null",
      .title = "Nothing",
      .description =
          "Takes records of every format, counts them and their bytes, and forgets them. For "
          "measuring a source and for trying a configuration out."};
  static constexpr SinkInfo sink_info{
      .formats = "documents,tables", .delivery = "none", .slices = "parallel"};

  explicit NullSink(const Context&) {}

  std::optional<Json> open(const WriteRequest&) override { return std::nullopt; }
  WriteResult write(const BatchView& batch, Rejects&) override {
    return {.written = batch.size(), .bytes = batch.header().payload_bytes};
  }
  // Nothing is all that was asked for, and nothing cannot get lost.
  Reached commit(const CommitToken&) override { return Reached::durable; }
};

}  // namespace sluice::null
