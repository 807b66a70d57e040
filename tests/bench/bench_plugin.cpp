// A small plugin that cold_start_workload.cpp copies under many ids.
#include <sluice/sdk.hpp>

class Nothing : public sluice::Source {
 public:
  static constexpr sluice::TemplateInfo info{
      .id = "bench-plugin-00", .title = "Nothing", .config_schema = R"({"type": "object"})"};
  static constexpr sluice::SourceInfo source_info{};

  explicit Nothing(const sluice::Context&) {}
  void units(const std::function<bool(const sluice::Unit&)>&) override {}
  void read(const sluice::ReadRequest&, sluice::SourceWriter&) override {}
};

constexpr sluice::PluginInfo plugin{.id = "bench-plugin-00", .version = "1.0.0"};
SLUICE_PLUGIN(plugin, Nothing)
