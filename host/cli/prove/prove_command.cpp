// prove: cuts a pipeline off at its durable steps, one trial each, finishes it as an operator would, and
// compares.
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <random>

#include "host/cli/commands.hpp"
#include "host/cli/json_fields.hpp"
#include "host/cli/prove/trial.hpp"

namespace sluice::host::cli {

namespace {

namespace fs = std::filesystem;

Error refused(const std::string& what, const std::string& hint) {
  return {ErrorClass::config, "E_PROVE", what, "sluice prove", hint};
}

// The configured path of the sink; the request's own parameters come first.
std::string sink_path(Host& host, const json::object& request) {
  const auto* policy = request.if_contains("policy");
  if (policy && policy->is_object())
    if (const std::string path =
            text_at(object_at(object_at(policy->get_object(), "sink"), "parameters"), "path");
        !path.empty())
      return path;
  const json::object endpoints = parse_answer(host.endpoints().json);
  for (const json::value& entry : array_at(endpoints, "endpoints"))
    if (entry.is_object() && text_at(entry.get_object(), "endpointId") == text_at(request, "sinkEndpointId"))
      return text_at(object_at(entry.get_object(), "config"), "path");
  return {};
}

// The run as it is proved: through mmap staging, exactly once, without waiting between attempts.
Result<ProofSettings> settings_of(Session& session, const ProveArguments& arguments, Host& host) {
  auto text = read_text(arguments.request);
  if (!text) return text.error();
  json::error_code error;
  const json::value value = json::parse(*text, error);
  if (error || !value.is_object())
    return refused("the request is no JSON object", "give a request as `run` takes it");
  ProofSettings settings;
  settings.request = value.get_object();
  settings.request["stagingProviderId"] = "mmap";
  json::value& policy = settings.request["policy"];
  if (!policy.is_object()) policy.emplace_object();
  policy.as_object()["delivery"] = "exactly-once";
  settings.sink_endpoint = text_at(settings.request, "sinkEndpointId");
  settings.unit = text_at(settings.request, "unitId");
  settings.sink_path = sink_path(host, settings.request);
  if (settings.sink_path.empty())
    return refused("the sink has no path, so a trial cannot get one of its own",
                   "prove a sink that writes below a path, such as file.* or sqlite");
  settings.host = host_options(session.console.options());
  settings.program = {"sluice", "-q"};
  const GlobalOptions& options = session.console.options();
  if (!options.config_file.empty())
    settings.program.insert(settings.program.end(), {"--config", options.config_file});
  for (const std::string& folder : options.plugin_folders)
    settings.program.insert(settings.program.end(), {"--plugins", folder});
  return settings;
}

// Counts what is in one list more often than in the other.
struct Difference {
  uint64_t lost = 0, doubled = 0;
  bool reordered = false;
};
Difference compare(const std::vector<std::string>& expected, const std::vector<std::string>& found) {
  Difference difference;
  if (expected == found) return difference;
  std::map<std::string_view, int64_t> balance;
  for (const std::string& record : expected) ++balance[record];
  for (const std::string& record : found) --balance[record];
  for (const auto& [record, count] : balance)
    (count > 0 ? difference.lost : difference.doubled) += static_cast<uint64_t>(count > 0 ? count : -count);
  difference.reordered = difference.lost == 0 && difference.doubled == 0;
  return difference;
}

class Proof {
 public:
  Proof(Session& session, const ProveArguments& arguments, ProofSettings settings)
      : session_(session), arguments_(arguments), settings_(std::move(settings)), random_(arguments.seed) {}

  Result<json::object> run() {
    json::object steps;
    Trial baseline(settings_, "undisturbed");
    if (Result<bool> ran = baseline.run_child(UINT64_MAX, false, &steps); !ran) return ran.error();
    Result<std::vector<std::string>> expected = baseline.read_back();
    if (!expected) return expected.error();
    expected_ = std::move(*expected);
    uint64_t count = 0;
    for (const auto& step : steps) count += step.value().to_number<uint64_t>();
    const std::vector<uint64_t> points = choose(count);
    for (const uint64_t at : points) {
      if (Status status = prove_at(at); !status.ok()) return std::move(status).take_error();
      // A proof of thousands takes minutes.
      if (points_ % 100 == 0)
        session_.console.note(std::to_string(points_) + " of " + std::to_string(points.size()) +
                              " points tried");
    }
    return json::object{
        {"ok", failures_.empty()}, {"records", expected_.size()},  {"steps", steps}, {"points", points_},
        {"cutTwice", twice_},      {"powerLosses", power_losses_}, {"lost", lost_},  {"doubled", doubled_},
        {"seed", arguments_.seed}, {"failures", failures_}};
  }

 private:
  // All points, or so many of them by chance.
  std::vector<uint64_t> choose(uint64_t steps) {
    std::vector<uint64_t> points(steps);
    std::iota(points.begin(), points.end(), uint64_t{0});
    if (arguments_.points == 0 || arguments_.points >= steps) return points;
    std::shuffle(points.begin(), points.end(), random_);
    points.resize(arguments_.points);
    std::sort(points.begin(), points.end());
    return points;
  }

  Status prove_at(uint64_t at) {
    const bool power = arguments_.power_loss && (points_ % 2 == 1);
    Trial trial(settings_, "trial");
    Result<bool> cut = trial.run_child(at, power, nullptr);
    if (!cut) return std::move(cut).error();
    // Every third trial is cut off again while it is being finished.
    for (const std::string& id : trial.sessions()) {
      if (points_ % 3 != 2) break;
      if (Result<bool> again = trial.resume_child(id, random_() % 40, power); again && *again) ++twice_;
    }
    ++points_;
    power_losses_ += power ? 1 : 0;
    std::string failure;
    Difference difference;
    if (Status status = trial.recover(); !status.ok()) {
      failure = status.error().message();
    } else if (auto found = trial.read_back()) {
      difference = compare(expected_, *found);
      if (difference.lost + difference.doubled > 0)
        failure =
            std::to_string(difference.lost) + " lost, " + std::to_string(difference.doubled) + " doubled";
      else if (difference.reordered)
        failure = "records in another order";
    } else {
      failure = found.error().message();
    }
    lost_ += difference.lost;
    doubled_ += difference.doubled;
    if (failure.empty()) {
      trial.remove();
      return {};
    }
    failures_.push_back(json::object{{"step", at}, {"powerLoss", power}, {"what", failure}});
    return {};
  }

  Session& session_;
  const ProveArguments& arguments_;
  const ProofSettings settings_;
  std::mt19937_64 random_;
  std::vector<std::string> expected_;
  uint64_t points_ = 0, twice_ = 0, power_losses_ = 0, lost_ = 0, doubled_ = 0;
  json::array failures_;
};

std::string proof_view(const json::object& proof) {
  std::string steps;
  for (const auto& step : object_at(proof, "steps"))
    steps += (steps.empty() ? "" : ", ") + std::string(step.key()) + " " +
             std::to_string(step.value().to_number<uint64_t>());
  std::string text = "records     " + std::to_string(count_at(proof, "records")) + "\nsteps       " + steps +
                     "\ncut off at  " + std::to_string(count_at(proof, "points")) + " of them";
  if (count_at(proof, "powerLosses") > 0)
    text += ", " + std::to_string(count_at(proof, "powerLosses")) + " with all unsynced writes dropped";
  if (count_at(proof, "cutTwice") > 0)
    text += ", " + std::to_string(count_at(proof, "cutTwice")) + " cut off again while they were resumed";
  text += "\nlost        " + std::to_string(count_at(proof, "lost")) + "\ndoubled     " +
          std::to_string(count_at(proof, "doubled")) + "\n";
  for (const json::value& failure : array_at(proof, "failures"))
    text += "FAILED at step " + std::to_string(count_at(failure.as_object(), "step")) + ": " +
            text_at(failure.as_object(), "what") + "\n";
  return text;
}

}  // namespace

int prove_command(Session& session, const ProveArguments& arguments) {
  return with_host(session, [&](Host& host) {
    Console& console = session.console;
    Result<ProofSettings> settings = settings_of(session, arguments, host);
    if (!settings) return console.failed(settings.error());
    std::string folder = (fs::temp_directory_path() / "sluice-prove-XXXXXX").string();
    if (!mkdtemp(folder.data()))
      return console.failed(refused("no temporary folder can be made", "set TMPDIR"));
    settings->folder = folder;
    Result<json::object> proof = Proof(session, arguments, std::move(*settings)).run();
    if (!proof) {
      fs::remove_all(folder);
      return console.failed(proof.error());
    }
    const bool ok = proof->at("ok").as_bool();
    if (ok)
      fs::remove_all(folder);
    else
      (*proof)["folder"] = folder;
    return console.answer({ok ? exit_done : exit_internal, json::serialize(*proof)},
                          [](const json::object& answer) { return proof_view(answer); });
  });
}

// The child of a trial; not for people.
int cut_off_command(Session& session, const CutOffArguments& arguments) {
  CutOff cut{arguments.staging_folder, arguments.at, arguments.loss == "power"};
  StepCounter counter(cut);
  HostOptions options = host_options(session.console.options());
  options.staging_folder = arguments.staging_folder;
  options.on_durable_step = [&counter](const DurableStep& step) { counter.step(step); };
  const Host::Opened opened = Host::open(options);
  if (!opened.host) return session.console.failed(opened.failure);
  auto request = read_text(arguments.request);
  if (!request) return session.console.failed(request.error());
  const bool resumes =
      parse_answer(*request).contains("stageRef") && !parse_answer(*request).contains("endpointId");
  const Reply reply = resumes ? opened.host->resume_stage(*request) : opened.host->run(*request);
  json::object answer = parse_answer(reply.json);
  json::object steps;
  for (const auto& [kind, count] : counter.counts()) steps[kind] = count;
  answer["steps"] = std::move(steps);
  std::ofstream(arguments.answer) << json::serialize(answer);
  return reply.exit_code;
}

}  // namespace sluice::host::cli
