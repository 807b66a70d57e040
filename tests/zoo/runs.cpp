#include "runs.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>
#include <vector>

#include "scratch.hpp"

namespace sluice::zoo {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

void copy_plugin(const fs::path& from, const fs::path& folder) {
  const fs::path to = folder / from.filename();
  fs::copy_file(from, to);
  // Whatever the umask was when it was built: nobody else may write to a plugin.
  fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write);
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

Ran outcome_of(const host::Reply& reply) {
  Ran ran;
  ran.json = reply.json;
  boost::system::error_code failure;
  const json::value result = json::parse(reply.json, failure);
  if (failure || !result.is_object()) {
    ran.status = "no JSON";
    return ran;
  }
  ran.status = text_of(result.at("status"));
  if (const json::array& errors = result.at("errors").as_array(); !errors.empty()) {
    ran.code = text_of(errors[0].at("code"));
    ran.message = text_of(errors[0].at("message"));
    if (const json::value* where = errors[0].as_object().if_contains("where")) ran.where = text_of(*where);
  }
  return ran;
}

}  // namespace

std::span<const std::string> all_animals() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> found;
    for (const auto& file : fs::directory_iterator(ZOO_ANIMALS))
      if (file.path().extension() == ".so") found.push_back(file.path().stem());
    std::sort(found.begin(), found.end());
    return found;
  }();
  return names;
}

bool harms_when_loaded(std::string_view animal) {
  return animal.ends_with("_when_loaded");
}

fs::path make_plugin_folder(const std::string& name, std::span<const std::string> animals) {
  const fs::path folder = scratch() / name;
  fs::create_directory(folder);
  fs::permissions(folder, fs::perms::owner_all);
  for (const std::string& animal : animals) copy_plugin(fs::path(ZOO_ANIMALS) / (animal + ".so"), folder);
  copy_plugin(ZOO_FILE_PLUGIN, folder);
  return folder;
}

const fs::path& worker_program() {
  static const fs::path program = [] {
    const fs::path copy = scratch() / "zoo-worker";
    fs::copy_file(ZOO_WORKER, copy);
    return copy;
  }();
  return program;
}

host::HostOptions options_for(const fs::path& plugins) {
  host::HostOptions options;
  options.plugin_folders = {plugins.string()};
  options.use_environment = false;
  options.staging_folder = (scratch() / "staging").string();
  options.worker_program = worker_program().string();
  options.cache_folder = (scratch() / "cache").string();
  options.scan_timeout = std::chrono::seconds(2);
  return options;
}

Runs::Runs(const fs::path& plugins) {
  host::Host::Opened opened = host::Host::open(options_for(plugins));
  if (!opened.host) throw std::runtime_error("no host: " + opened.failure.json);
  host_ = std::move(opened.host);
}

Runs& Runs::of_this_program() {
  static Runs runs([] {
    std::vector<std::string> harmless_to_load;
    for (const std::string& animal : all_animals())
      if (!harms_when_loaded(animal)) harmless_to_load.push_back(animal);
    return make_plugin_folder("plugins", harmless_to_load);
  }());
  return runs;
}

Ran Runs::run(const Endpoint& source, const Endpoint& sink, const json::object& policy) {
  json::object whole{{"mode", "FULL"},
                     {"retry", {{"maxAttempts", 1}}},
                     {"templateId", source.template_id},
                     {"parameters", source.parameters},
                     {"sink", {{"templateId", sink.template_id}, {"parameters", sink.parameters}}}};
  for (const auto& member : policy) whole[member.key()] = member.value();
  const json::object request{
      {"endpointId", "source"}, {"unitId", "all"}, {"sinkEndpointId", "sink"}, {"policy", whole}};
  const auto begin = std::chrono::steady_clock::now();
  const host::Reply reply = host_->run(json::serialize(request));
  Ran ran = outcome_of(reply);
  ran.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  return ran;
}

std::string Runs::good_runs() {
  const auto wrong = [&](const char* sink, const char* isolation) -> std::string {
    const fs::path output = new_output();
    const Ran ran = run({"zoo.good_source"}, {sink, {{"path", output.string()}}}, {{"isolation", isolation}});
    if (ran.status != "succeeded") return "the good run failed: " + ran.json;
    if (read_file(output) != all_records())
      return "the good run delivered something else: " + read_file(output);
    return {};
  };
  std::string apart = wrong("zoo.good_sink", "process");
  return apart.empty() ? wrong("file.ndjson", "in-process") : apart;
}

fs::path new_output() {
  static unsigned count = 0;
  return scratch() / ("output-" + std::to_string(count++) + ".ndjson");
}

std::string all_records() {
  std::string records;
  for (unsigned n = 100000; n < 100100; ++n) records += "{\"n\":" + std::to_string(n) + "}\n";
  return records;
}

}  // namespace sluice::zoo
