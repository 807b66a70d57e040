// plugins test: one plugin file tried as a host would use it, in worker processes: nothing of it runs here.
#include <boost/json/serialize.hpp>

#include "host/api/host_parts.hpp"
#include "host/isolation/isolation.hpp"
#include "host/plugin/plugin_folders.hpp"
#include "host/registry/sink_handle.hpp"
#include "host/registry/source_handle.hpp"
#include "host/run/exit_code.hpp"

namespace sluice::host {

namespace {

// Enough to see what a source lists.
constexpr size_t most_units = 1000;

class Trial {
 public:
  Trial(Host::Parts& parts, const std::filesystem::path& file)
      : parts_(parts),
        file_(file),
        services_(parts.log, parts.signal, StopLevel::now, parts.catalog.config.base_dir) {
    catalog_.config = parts.catalog.config;
  }

  Reply run() {
    const PluginReport report =
        load_plugin_file(file_, catalog_.registry, {parts_.scanner.get(), nullptr, {}});
    const bool loaded = report.outcome == PluginOutcome::loaded;
    add("load", "", loaded, loaded ? "scanned in a process of its own" : report.code + ": " + report.reason,
        report.hint);
    for (const EndpointTemplatePtr& of : catalog_.registry.list()) {
      if (of->descriptor.source) try_template(of, "source");
      if (of->descriptor.sink) try_template(of, "sink");
    }
    return {failed_ ? exit_plugin_failed : exit_done,
            boost::json::serialize(boost::json::object{{"path", file_.string()},
                                                       {"ok", !failed_},
                                                       {"id", report.plugin_id},
                                                       {"checks", std::move(checks_)}})};
  }

 private:
  void add(std::string_view name, std::string_view template_id, bool ok, const std::string& detail,
           const std::string& hint) {
    failed_ = failed_ || !ok;
    checks_.push_back(boost::json::object{
        {"name", name}, {"template", template_id}, {"ok", ok}, {"detail", detail}, {"hint", ok ? "" : hint}});
  }
  void add(std::string_view name, const std::string& template_id, const Status& status,
           const std::string& detail) {
    if (status.ok()) return add(name, template_id, true, detail, "");
    add(name, template_id, false, status.error().code() + ": " + status.error().message(),
        status.error().hint());
  }

  // With the configuration of the first endpoint of the configuration file that has this template, else with
  // the schema's defaults.
  Result<EndpointSetup> set_up(const std::string& template_id, std::string_view role) const {
    for (const auto& [id, endpoint] : catalog_.config.endpoints)
      if (endpoint.template_id == template_id) return set_up_endpoint(catalog_, id, std::nullopt, role);
    return set_up_endpoint(catalog_, template_id, InlineEndpoint{template_id, {}}, role);
  }

  void try_template(const EndpointTemplatePtr& of, std::string_view role) {
    const std::string& id = of->descriptor.id;
    Result<EndpointSetup> setup = set_up(id, role);
    if (!setup) {
      // No fault of the plugin's: it was given nothing to work with.
      return add(role, id, true, "not tried: " + setup.error().message(),
                 "name an endpoint of this template in the configuration file");
    }
    Isolation isolation({parts_.worker_program, {}, {}});
    setup->maker = std::shared_ptr<InstanceMaker>(&isolation, [](InstanceMaker*) {});
    if (role == "source")
      try_source(*setup);
    else
      try_sink(*setup);
  }

  void try_source(const EndpointSetup& setup) {
    const std::string& id = setup.of->descriptor.id;
    Result<SourceHandle> source =
        SourceHandle::create(setup.of, setup.config_text, services_.table(), setup.place());
    if (!source) return add("source", id, Status(source.error()), "");
    Status checked = source->check();
    // The world may lack what the configuration names; that is an answer too.
    if (!checked.ok() && checked.error().error_class() != ErrorClass::system)
      return add("source", id, true, "answers: " + setup.scrubber->scrub(checked.error()).message(), "");
    if (!checked.ok()) return add("source", id, checked, "");
    size_t count = 0;
    Status listed = source->units([&](boost::json::object&&) { return ++count < most_units; });
    add("source", id, listed, std::to_string(count) + (count == 1 ? " unit" : " units"));
  }

  void try_sink(const EndpointSetup& setup) {
    const std::string& id = setup.of->descriptor.id;
    Result<SinkHandle> sink =
        SinkHandle::create(setup.of, setup.config_text, services_.table(), setup.place());
    if (!sink) return add("sink", id, Status(sink.error()), "");
    Status checked = sink->check();
    if (!checked.ok() && checked.error().error_class() != ErrorClass::system)
      return add("sink", id, true, "answers: " + setup.scrubber->scrub(checked.error()).message(), "");
    add("sink", id, checked, "made, checked and freed");
  }

  Host::Parts& parts_;
  const std::filesystem::path file_;
  EndpointServices services_;
  EndpointCatalog catalog_;
  boost::json::array checks_;
  bool failed_ = false;
};

}  // namespace

Reply Host::test_plugin(std::string_view file) const {
  return guarded([&]() -> Reply {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(std::filesystem::path(file), error);
    if (error || !std::filesystem::exists(path, error))
      return failure_reply(
          Error(ErrorClass::system, "E_FILE_OPEN", "no file " + std::string(file), std::string(file)));
    if (parts_->worker_program.empty())
      return failure_reply(Error(ErrorClass::config, "E_WORKER_MISSING",
                                 "there is no helper executable sluice-worker to test plugins in", "",
                                 "install it in lib/sluice beside the library, or name it to the host"));
    return Trial(*parts_, path).run();
  });
}

}  // namespace sluice::host
