#include "host/cli/prove/trial.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/cli/json_fields.hpp"

namespace sluice::host::cli {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

Error failed(const std::string& what, const std::string& hint = "") {
  return {ErrorClass::system, "E_PROVE", what, "sluice prove", hint};
}

std::string first_error(const std::string& reply) {
  const json::object result = parse_answer(reply);
  for (const json::value& error : array_at(result, "errors"))
    if (const auto* object = error.if_object())
      return text_at(*object, "code") + ": " + text_at(*object, "message");
  return reply.substr(0, 500);
}

}  // namespace

Trial::Trial(const ProofSettings& settings, const std::string& name)
    : settings_(settings), folder_(settings.folder + "/" + name) {
  fs::remove_all(folder_);
  fs::create_directories(folder_ + "/sink");
  // A sink that is given a folder wants it to be there.
  if (const std::string path = sink_path(); path.ends_with('/')) fs::create_directories(path);
}

void Trial::remove() const {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

json::object Trial::request() const {
  json::object request = settings_.request;
  json::object& policy = request["policy"].as_object();
  if (!policy["sink"].is_object()) policy["sink"].emplace_object();
  json::object& sink = policy["sink"].as_object();
  if (!sink["parameters"].is_object()) sink["parameters"].emplace_object();
  sink["parameters"].as_object()["path"] = sink_path();
  return request;
}

std::string Trial::sink_path() const {
  const bool folder = settings_.sink_path.ends_with('/');
  const fs::path path = folder ? fs::path(settings_.sink_path).parent_path() : fs::path(settings_.sink_path);
  return folder_ + "/sink/" + path.filename().string() + (folder ? "/" : "");
}

std::vector<std::string> Trial::sessions() const {
  std::vector<std::string> ids;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(staging(), ignored))
    if (const std::string name = entry.path().filename(); name.front() != '.') ids.push_back(name);
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<bool> Trial::run_child(uint64_t at, bool power_loss, json::object* steps) const {
  return child(json::serialize(request()), at, power_loss, steps);
}

Result<bool> Trial::resume_child(const std::string& stage_id, uint64_t at, bool power_loss) const {
  return child(json::serialize(json::object{{"stageRef", "mmap:" + stage_id}}), at, power_loss, nullptr);
}

Result<bool> Trial::child(const std::string& request, uint64_t at, bool power_loss,
                          json::object* steps) const {
  const std::string request_file = folder_ + "/request.json", answer_file = folder_ + "/answer.json";
  std::ofstream(request_file) << request;
  std::vector<std::string> words = settings_.program;
  for (const std::string& word : {std::string("cut-off"), request_file, answer_file, staging(),
                                  std::to_string(at), std::string(power_loss ? "power" : "process")})
    words.push_back(word);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    execv("/proc/self/exe", arguments.data());
    _exit(127);
  }
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) < 0)
    return failed(std::string("cannot run a child: ") + strerror(errno));
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && at != UINT64_MAX) return true;
  std::ifstream file(answer_file);
  const std::string answer(std::istreambuf_iterator<char>(file), {});
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return failed("a run that was not cut off failed: " + first_error(answer),
                  "run the request by itself first");
  if (steps) *steps = object_at(parse_answer(answer), "steps");
  return false;
}

Status Trial::recover() const {
  HostOptions options = settings_.host;
  options.staging_folder = staging();
  const Host::Opened opened = Host::open(options);
  if (!opened.host) return failed("no host: " + opened.failure.json);
  for (const std::string& id : sessions()) {
    const Reply reply = opened.host->resume_stage(json::serialize(json::object{{"stageRef", "mmap:" + id}}));
    // A session that died before it knew its run holds nothing.
    if (!reply.ok() && first_error(reply.json).rfind("E_STAGE_NOTE", 0) != 0)
      return failed("resume " + id + ": " + first_error(reply.json));
  }
  const Reply reply = opened.host->run(json::serialize(request()));
  if (!reply.ok()) return failed("the run after recovery: " + first_error(reply.json));
  return {};
}

Result<std::vector<std::string>> Trial::read_back() const {
  const Host::Opened opened = Host::open(settings_.host);
  if (!opened.host) return failed("no host: " + opened.failure.json);
  const json::object mine = request();
  const json::object parameters = mine.at("policy").at("sink").at("parameters").as_object();
  json::object read{
      {"endpointId", settings_.sink_endpoint},
      {"sinkEndpointId", "read back"},
      {"policy",
       {{"mode", "FULL"},
        {"parameters", parameters},
        {"sink", {{"templateId", "file.lines"}, {"parameters", {{"path", folder_ + "/back"}}}}}}}};
  if (const auto* described = mine.at("policy").at("sink").as_object().if_contains("templateId"))
    read["policy"].as_object()["templateId"] = *described;
  // Its unit is the sink's own: the table or file that the run made.
  std::vector<std::string> records;
  for (const std::string& unit : {settings_.unit, fs::path(settings_.unit).stem().string(),
                                  fs::path(text_at(parameters, "path")).filename().string()}) {
    read["unitId"] = unit;
    const Reply reply = opened.host->run(json::serialize(read));
    if (!reply.ok()) continue;
    std::ifstream file(folder_ + "/back");
    for (std::string line; std::getline(file, line);) records.push_back(std::move(line));
    return records;
  }
  return failed("the sink cannot be read back as a source",
                "use a sink that is a source too, such as file.* or sqlite");
}

}  // namespace sluice::host::cli
