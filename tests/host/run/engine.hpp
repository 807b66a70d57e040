// A run engine with scripted endpoints "src" and "dst", and staging in memory or in the engine's own folder,
// for tests.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "fake_endpoints.hpp"
#include "host/run/run.hpp"
#include "staging/files/posix_files.hpp"
#include "staging/memory/memory_provider.hpp"
#include "staging/mmap/mmap_provider.hpp"

namespace sluice::test {

class EngineStaging : public host::StagingProviders {
 public:
  explicit EngineStaging(const std::filesystem::path& folder)
      : mmap_({.folder = folder.string(), .min_free = 0}, files_) {}

  StagingProvider* find(std::string_view id) const override {
    if (id == "memory") return &memory_;
    return id == "mmap" ? &mmap_ : nullptr;
  }
  std::vector<std::string> ids() const override { return {"memory", "mmap"}; }

 private:
  mutable staging::MemoryProvider memory_;
  mutable staging::PosixFiles files_;
  mutable staging::MmapProvider mmap_;
};

// Collects log lines.
struct LogLines : host::LogSink {
  void write(const host::LogLine& line) noexcept override {
    std::lock_guard lock(mutex);
    text += line.message;
    for (const auto& [key, value] : line.fields) text += " " + key + "=" + value;
    text += "\n";
  }
  std::mutex mutex;
  std::string text;
};

struct Engine {
  Engine() {
    std::filesystem::create_directory(folder);
    auto adopted = host::adopt_plugin(fake_plugin(), "fake.so");
    BOOST_REQUIRE(adopted.has_value());
    BOOST_REQUIRE(catalog.registry.add(*adopted).ok());
    source = add("src", "fake.source");
    sink = add("dst", "fake.sink");
    // Slow ways are for people; tests do not wait.
    policy = R"({"retry":{"initialBackoff":"1ms","maxBackoff":"2ms","maxAttempts":3}})";
  }
  ~Engine() { std::filesystem::remove_all(folder); }

  std::shared_ptr<Script> add(const std::string& id, const std::string& template_id,
                              const std::string& secret = "") {
    const std::string script = id + "-" + host::new_run_id();
    host::EndpointConfig config{template_id, {{"script", script}}, "test.yaml", 7};
    if (!secret.empty()) config.config["secret"] = secret;
    catalog.config.endpoints[id] = std::move(config);
    return Scripts::make(script);
  }

  // `more` is laid over the usual request.
  std::string request(const std::string& more = "{}") const {
    boost::json::object request{{"endpointId", "src"},
                                {"unitId", "unit"},
                                {"sinkEndpointId", "dst"},
                                {"stagingProviderId", provider},
                                {"policy", boost::json::parse(policy)}};
    const boost::json::value over = boost::json::parse(more);
    for (const auto& member : over.get_object()) {
      if (member.key() == "policy") {
        for (const auto& rule : member.value().get_object())
          request["policy"].get_object()[rule.key()] = rule.value();
      } else {
        request[member.key()] = member.value();
      }
    }
    return boost::json::serialize(request);
  }
  host::RunResult run(const std::string& more = "{}", const host::RunOptions& options = {}) const {
    return move(host::RunPhase::whole, request(more), options);
  }
  host::RunResult export_(const std::string& more = "{}", const host::RunOptions& options = {}) const {
    return move(host::RunPhase::export_only, request(more), options);
  }
  // Nothing but the stage, and `more`: the rest stands in the stage.
  host::RunResult import_(const std::string& stage_ref, const std::string& more = "{}",
                          const host::RunOptions& options = {}) const {
    return move(host::RunPhase::import_only, of_stage(stage_ref, more), options);
  }
  host::RunResult resume(const std::string& stage_ref, const std::string& more = "{}",
                         const host::RunOptions& options = {}) const {
    return move(host::RunPhase::resume, of_stage(stage_ref, more), options);
  }
  host::RunResult move(host::RunPhase phase, const std::string& request,
                       const host::RunOptions& options) const {
    const host::RunEnvironment environment{catalog, staging, log, folder};
    return host::run_request(environment, host::parse_request(request, phase), options);
  }
  static std::string of_stage(const std::string& stage_ref, const std::string& more) {
    boost::json::object request = boost::json::parse(more).as_object();
    request["stageRef"] = stage_ref;
    return boost::json::serialize(request);
  }

  // A source that gives {"n":0} .. {"n":count-1} in batches of what the policy says, with checkpoints.
  static auto counting(int64_t count) {
    return [count](const ReadRequest& request, SourceWriter& out, const HostServices&) {
      int64_t next = request.checkpoint ? request.checkpoint->at("next").as_integer() : 0;
      DocumentBuilder batch(out, [&] { return Json::object({{"next", next}}); });
      for (; next < count; ++next) batch.append("{\"n\":" + std::to_string(next) + "}");
      batch.flush();
    };
  }
  static std::vector<std::string> numbers(int64_t count) {
    std::vector<std::string> list;
    for (int64_t n = 0; n < count; ++n) list.push_back("{\"n\":" + std::to_string(n) + "}");
    return list;
  }

  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("sluice-engine-" + host::new_run_id());
  host::EndpointCatalog catalog;
  EngineStaging staging{folder / "staging"};
  std::string provider = "memory";
  std::shared_ptr<LogLines> log = std::make_shared<LogLines>();
  std::shared_ptr<Script> source, sink;
  std::string policy;
};

inline std::string first_code(const host::RunResult& result) {
  return result.errors.empty() ? "" : result.errors.front().code();
}
inline std::string first_message(const host::RunResult& result) {
  return result.errors.empty() ? "" : result.errors.front().message();
}
inline bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
inline bool warned(const host::RunResult& result, const std::string& code) {
  for (const Error& warning : result.warnings)
    if (warning.code() == code) return true;
  return false;
}

}  // namespace sluice::test
