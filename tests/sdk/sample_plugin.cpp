// A plugin with one of everything, to look at from outside.
#include "sluice/sdk.hpp"

namespace {

constexpr sluice::PluginInfo plugin{.id = "sample",
                                    .version = "1.2.3",
                                    .vendor = "Quote \" and \\ and\nnewline",
                                    .license = "MIT",
                                    .description = "for tests"};

class SampleSource : public sluice::Source {
 public:
  static constexpr sluice::TemplateInfo info{
      .id = "sample.both",
      .title = "Sample",
      .config_schema = R"({"type":"object","properties":{"token":{"type":"string","x-secret":true}}})"};
  static constexpr sluice::SourceInfo source_info{.formats = "documents,tables", .modes = "FULL,INCREMENTAL"};
  explicit SampleSource(const sluice::Context&) {}
  void units(const std::function<bool(const sluice::Unit&)>& out) override { out({.id = "u"}); }
  void read(const sluice::ReadRequest&, sluice::SourceWriter& out) override {
    sluice::DocumentBuilder builder(out);
    builder.append("x");
    builder.flush();
  }
};

class SampleSink : public sluice::Sink {
 public:
  static constexpr sluice::TemplateInfo info{.id = "sample.sink", .title = "Sample"};
  static constexpr sluice::SinkInfo sink_info{};
  explicit SampleSink(const sluice::Context&) {}
  std::optional<sluice::Json> open(const sluice::WriteRequest&) override { return std::nullopt; }
  sluice::WriteResult write(const sluice::BatchView& batch, sluice::Rejects&) override {
    return {batch.size(), 0, 0, 0};
  }
  sluice::Reached commit(const sluice::CommitToken&) override { return sluice::Reached::durable; }
};

}  // namespace

SLUICE_PLUGIN(plugin, sluice::Both<SampleSource, SampleSink>, SampleSink)
