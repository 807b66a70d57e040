#include "fake_endpoints.hpp"

#include "sluice/batch/table_json.hpp"

namespace sluice::test {

namespace {

std::mutex scripts_mutex;
std::map<std::string, std::shared_ptr<Script>> scripts;

constexpr std::string_view script_schema =
    R"({"type":"object","required":["script"],"additionalProperties":false,
        "properties":{"script":{"type":"string"},"number":{"type":"integer"},"secret":{"type":"string","x-secret":true}}})";

class FakeSource : public Source {
 public:
  static constexpr TemplateInfo info{.id = "fake.source", .title = "Fake", .config_schema = script_schema};
  static constexpr SourceInfo source_info{
      .formats = "documents,tables", .modes = "FULL,INCREMENTAL", .slices = true};

  explicit FakeSource(const Context& context)
      : host_(context.host()), script_(Scripts::find(context.config().at("script").as_string())) {}

  void units(const std::function<bool(const Unit&)>& out) override { out(script_->unit); }
  void read(const ReadRequest& request, SourceWriter& out) override { script_->read(request, out, host_); }
  std::vector<Json> plan(const ReadRequest& request, uint32_t max_slices) override {
    return script_->plan ? script_->plan(request, max_slices) : std::vector<Json>();
  }
  Json merge(const Json& before, const Json& slices) override {
    return Json::object({{"merged", slices.as_array().size()}, {"before", before}, {"slices", slices}});
  }

 private:
  HostServices host_;
  std::shared_ptr<Script> script_;
};

class FullSource : public FakeSource {
 public:
  static constexpr TemplateInfo info{.id = "fake.full", .title = "Fake", .config_schema = script_schema};
  static constexpr SourceInfo source_info{.modes = "FULL"};
  using FakeSource::FakeSource;
};

class TableSource : public FakeSource {
 public:
  static constexpr TemplateInfo info{.id = "fake.tables", .title = "Fake", .config_schema = script_schema};
  static constexpr SourceInfo source_info{.formats = "tables", .modes = "FULL,INCREMENTAL"};
  using FakeSource::FakeSource;
};

class FakeSink : public Sink {
 public:
  static constexpr TemplateInfo info{.id = "fake.sink", .title = "Fake", .config_schema = script_schema};
  static constexpr SinkInfo sink_info{
      .formats = "documents,tables", .delivery = "transactional", .slices = "any"};

  explicit FakeSink(const Context& context)
      : host_(context.host()), script_(Scripts::find(context.config().at("script").as_string())) {}

  std::optional<Json> open(const WriteRequest& request) override {
    if (script_->on_open) script_->on_open(request);
    std::lock_guard lock(script_->mutex);
    ++script_->opens;
    if (!request.incremental) {
      script_->committed.clear();
      script_->tokens.clear();
    }
    if (script_->tokens.empty()) return std::nullopt;
    return script_->tokens.back();
  }
  WriteResult write(const BatchView& batch, Rejects& rejects) override {
    if (script_->on_write) script_->on_write(batch, rejects, host_);
    if (script_->instead_of_write) return script_->instead_of_write(batch, rejects);
    std::lock_guard lock(script_->mutex);
    ++script_->writes;
    for (uint32_t row = 0; row < batch.size(); ++row) {
      std::string text;
      if (batch.is_table())
        append_row_json(batch, row, text);
      else
        text = DocumentsView(batch).value(row);
      script_->written.push_back(text);
      pending_.push_back(std::move(text));
    }
    return {.written = batch.size(), .bytes = batch.header().payload_bytes};
  }
  Reached commit(const CommitToken& token) override {
    if (script_->on_commit) script_->on_commit(token);
    std::lock_guard lock(script_->mutex);
    ++script_->commits;
    script_->final_commits += token.final ? 1 : 0;
    if (script_->defer_commits && !token.final) return Reached::deferred;
    script_->committed.insert(script_->committed.end(), pending_.begin(), pending_.end());
    script_->tokens.push_back(token.token);
    pending_.clear();
    if (script_->after_commit) script_->after_commit(token);
    return Reached::durable;
  }
  void abort() override {
    std::lock_guard lock(script_->mutex);
    ++script_->aborts;
    pending_.clear();
  }

 private:
  HostServices host_;
  std::shared_ptr<Script> script_;
  std::vector<std::string> pending_;
};

class JsonSink : public FakeSink {
 public:
  static constexpr TemplateInfo info{.id = "fake.json", .title = "Fake", .config_schema = script_schema};
  static constexpr SinkInfo sink_info{.slices = "ordered", .content_types = "application/json"};
  using FakeSink::FakeSink;
};

class ParallelSink : public FakeSink {
 public:
  static constexpr TemplateInfo info{.id = "fake.parallel", .title = "Fake", .config_schema = script_schema};
  static constexpr SinkInfo sink_info{.slices = "parallel"};
  using FakeSink::FakeSink;
};

constexpr PluginInfo plugin{.id = "fake", .version = "1.2.3"};

}  // namespace

std::shared_ptr<Script> Scripts::make(const std::string& name) {
  std::lock_guard lock(scripts_mutex);
  return scripts[name] = std::make_shared<Script>();
}

std::shared_ptr<Script> Scripts::find(const std::string& name) {
  std::lock_guard lock(scripts_mutex);
  return scripts.at(name);
}

SLUICE_PLUGIN(plugin, FakeSource, FullSource, TableSource, FakeSink, JsonSink, ParallelSink)

const sluice_plugin& fake_plugin() {
  return sluice_plugin_entry;
}

}  // namespace sluice::test
