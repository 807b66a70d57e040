#include "plain_host.hpp"

#include <unistd.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

namespace sluice::test {

namespace {

namespace fs = std::filesystem;

size_t entries(const char* of) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(of)) ++count;
  return count;
}

}  // namespace

PlainHost::PlainHost(bool own_plugins) {
  static std::atomic<int> count{0};
  folder = fs::temp_directory_path() /
           ("sluice-isolation-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
  fs::create_directories(folder);
  host::HostOptions options;
  options.use_environment = false;
  if (own_plugins) fs::copy(PLUGIN_FOLDER, folder / "plugins");
  options.plugin_folders = {own_plugins ? path("plugins") : std::string(PLUGIN_FOLDER)};
  options.worker_program = WORKER_PROGRAM;
  options.staging_folder = path("staging");
  options.cache_folder = path("cache");
  auto opened = host::Host::open(options);
  BOOST_REQUIRE_MESSAGE(opened.host, opened.failure.json);
  host = std::move(opened.host);
}

PlainHost::~PlainHost() {
  host.reset();
  fs::remove_all(folder);
}

boost::json::object PlainHost::run(const std::string& source, const std::string& source_config,
                                   const std::string& unit, const std::string& sink,
                                   const std::string& sink_config, const std::string& policy,
                                   const std::string& staging, const host::RunOptions& options) {
  boost::json::object asks{{"mode", "FULL"},
                           {"templateId", source},
                           {"parameters", boost::json::parse(source_config)},
                           {"sink", {{"templateId", sink}, {"parameters", boost::json::parse(sink_config)}}},
                           {"retry", {{"maxAttempts", 2}, {"initialBackoff", "1ms"}, {"maxBackoff", "5ms"}}}};
  const boost::json::value more = boost::json::parse(policy);
  for (const auto& member : more.get_object()) asks[member.key()] = member.value();
  const boost::json::object request{{"endpointId", "from"},
                                    {"unitId", unit},
                                    {"sinkEndpointId", "to"},
                                    {"stagingProviderId", staging},
                                    {"policy", std::move(asks)}};
  return boost::json::parse(host->run(boost::json::serialize(request), options).json).as_object();
}

boost::json::object PlainHost::run_well(const std::string& source, const std::string& source_config,
                                        const std::string& unit, const std::string& sink,
                                        const std::string& sink_config, const std::string& policy,
                                        const std::string& staging) {
  boost::json::object result = run(source, source_config, unit, sink, sink_config, policy, staging);
  BOOST_TEST(result.at("status").as_string() == "succeeded", boost::json::serialize(result));
  return result;
}

std::string PlainHost::write(const std::string& name, const std::string& content) const {
  std::ofstream(folder / name, std::ios::binary) << content;
  return path(name);
}

std::string PlainHost::read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(folder / name, std::ios::binary).rdbuf();
  return text.str();
}

std::string code_of(const boost::json::object& result) {
  const auto& errors = result.at("errors").as_array();
  return errors.empty() ? std::string() : std::string(errors.front().at("code").as_string());
}

bool has_crashed(const boost::json::object& result) {
  const std::string code = code_of(result);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  if (code == "E_PLUGIN_EXITED") return true;
#endif
  return code == "E_PLUGIN_CRASHED";
}

std::set<pid_t> children() {
  std::set<pid_t> found;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::ifstream list(task.path() / "children");
    for (pid_t child = 0; list >> child;) found.insert(child);
  }
  return found;
}

size_t open_descriptors() {
  return entries("/proc/self/fd");
}

size_t threads() {
  return entries("/proc/self/task");
}

size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  size_t count = 0;
  for (std::string line; std::getline(maps, line);) count += line.find("sluice") != std::string::npos ? 1 : 0;
  return count;
}

}  // namespace sluice::test
